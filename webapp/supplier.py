"""A supplier's sheet: what is known, why, since when; masked units stay masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from maps.marks import Badge, badges, mark, of_bits
from sourcing import contracts, duplicates, precedence, registrations, succession, suppliers
from sourcing.contracts import Won
from sourcing.contracts.search import Award, won_by_firm, won_here
from sourcing.model import MASKED, PARTIAL, Listing, Mention, Run, Supplier
from sourcing.registrations import SOURCE as REGISTRATION
from sourcing.registrations import Answers
from sourcing.search.hits import granted
from sourcing.segments import Segment
from sourcing.tagging.statuses import NOISE, SIZES, STATUSES, Status
from sourcing.tagging.told import Told, told
from webapp.account import account
from webapp.context import every_source, session, site
from webapp.headers import BASEMAPS

PAGES = Blueprint("supplier", __name__)
LEVELS = {"siret": "cet établissement", "siren": "toute l’entreprise"}
REGISTER = "sirene"
# Contracts on the sheet; the others are a click away.
LATEST_AWARDS = 5
FIRM, FIRM_SITE = "toute l’entreprise", "toute l’entreprise, établissement à préciser"
MARKET = "https://lemarche.inclusion.gouv.fr/"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something said of the supplier, by whom and when; one reason may say several things."""

    labels: tuple[str, ...]
    because: str
    level: str
    source: str
    seen: date | None


@dataclass(frozen=True, slots=True)
class Origin:
    """A source that knows the supplier."""

    title: str
    seen: date | None
    link: str
    name_there: str
    gone_on: date | None
    # The line, when a person may say that it is elsewhere; what it says of the whole firm.
    mention: int = 0
    firm: str = ""


@dataclass(frozen=True, slots=True)
class Awards:
    """The public contracts of the supplier, the latest ones, and those of the rest of its firm."""

    won: Won | None
    latest: list[Award]
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """A structure's own answers, apart from what registers and lists say; statuses with proof."""

    answers: Answers
    on: date
    statuses: list[tuple[str, bool]]
    commitments: list[str]
    grouping: str
    is_tih: bool

    @property
    def is_telling(self) -> bool:
        said = (self.answers.innovation, self.answers.materials, self.answers.references)
        return bool(any(said) or self.statuses or self.commitments or self.grouping or self.is_tih)


@PAGES.get("/fournisseurs/<uid>")
def sheet(uid: str) -> str | Response:
    """Everything that may be shown of one supplier."""
    supplier = suppliers.find(session(), uid)
    if supplier is None:
        abort(404)
    if supplier.uid != uid:
        return redirect(url_for("supplier.sheet", uid=supplier.uid))
    listing = session().get(Listing, supplier.id)
    tags = told(session(), [supplier.id])[supplier.id]
    mentions = suppliers.mentions(session(), supplier)
    known = of_bits(listing.statuses) if listing else []
    lon, lat = shown_position(supplier)
    return render_template(
        "supplier/sheet.html",
        title=shown_name(supplier),
        supplier=supplier,
        name=shown_name(supplier),
        legal_name=_legal_name(supplier),
        badges=badges(known, _of_firm(tags)),
        mark=mark(status.code for status in known),
        address=shown_address(supplier),
        lon=lon,
        lat=lat,
        size=SIZES[listing.size].label if listing else "",
        claims=_status_claims(tags, mentions, is_label=False),
        labels=_status_claims(tags, mentions, is_label=True),
        segments=_segment_claims(tags, mentions),
        noise=[NOISE.get(tag.value, tag.value) for tag in tags if tag.kind == "noise"],
        origins=_origins(supplier, mentions),
        description=_description(supplier, mentions),
        contacts=_contacts(supplier, mentions) if account() else None,
        market=_market_page(mentions),
        awards=_awards(supplier),
        source_title=source_title,
        shown_name=shown_name,
        basemap=BASEMAPS.get(site().settings.basemap),
        is_partial=supplier.diffusion == PARTIAL,
        heir=_heir(supplier),
        twins=duplicates.others(session(), supplier.siren),
        declared=_declared(supplier, mentions),
        traces=precedence.traces(session(), supplier, mentions),
        order={rule.field: rule for rule in precedence.PRECEDENCE},
        can_decide=bool((person := account()) and person.can_decide),
    )


def _heir(supplier: Supplier) -> tuple[Supplier, date | None] | None:
    """Who took over a supplier that closed or vanished, and since when."""
    if not supplier.siret or (supplier.state != "F" and supplier.gone_on is None):
        return None
    heir = succession.heirs(session(), {supplier.siret}).get(supplier.siret)
    found = suppliers.find(session(), heir.siret) if heir else None
    return (found, heir.since) if found and heir else None


# --- what may be shown ---


def shown_name(supplier: Supplier) -> str:
    """The name, unless it is a person's who asked not to be shown."""
    return MASKED if _is_nameless(supplier) else supplier.name


def shown_address(supplier: Supplier) -> str:
    """Street, postcode and commune; the commune alone for a unit of partial diffusion."""
    if supplier.diffusion == PARTIAL:
        return supplier.commune
    town = f"{supplier.postcode} {supplier.commune}".strip()
    return ", ".join(part for part in (supplier.address, town) if part)


def shown_position(supplier: Supplier) -> tuple[float | None, float | None]:
    """(lon, lat); nothing more precise than the commune for a unit of partial diffusion."""
    if supplier.diffusion == PARTIAL and supplier.precision != "commune":
        return None, None
    return supplier.lon, supplier.lat


def _awards(supplier: Supplier) -> Awards:
    won = contracts.won_by(session(), [supplier.id]).get(supplier.id)
    latest = won_here(session(), supplier.id, LATEST_AWARDS) if won else []
    firm = won_by_firm(session(), supplier.siren)
    return Awards(won, latest, firm - won.count if won else firm)


def _declared(supplier: Supplier, mentions: Sequence[Mention]) -> Declaration | None:
    """What the structure says of itself that nobody checked; nothing of a masked unit."""
    said = [m for m in mentions if m.source == REGISTRATION and m.gone_on is None]
    kept = registrations.declared(session(), [m.id for m in said])
    if kept is None or supplier.diffusion == PARTIAL:
        return None
    answers = registrations.answers_of(kept.answers)
    proved = {status for mention in said for status in mention.statuses}
    known = registrations.STATUSES
    person = account()
    return Declaration(
        answers, kept.received_at.date(),
        [(known[code].label, code in proved) for code in answers.statuses if code in known],
        [registrations.COMMITMENTS[c] for c in answers.commitments],
        registrations.GROUPINGS[answers.grouping] if answers.grouping else "",
        bool(answers.tih_consent and person and person.can_decide),
    )  # fmt: skip


def _is_nameless(supplier: Supplier) -> bool:
    return supplier.diffusion == PARTIAL and supplier.is_person


def _legal_name(supplier: Supplier) -> str:
    if _is_nameless(supplier) or supplier.legal_name == supplier.name:
        return ""
    return supplier.legal_name


def _contacts(supplier: Supplier, mentions: Sequence[Mention]) -> list[tuple[str, str, str]]:
    """(phone, e-mail, who says so) for buyers; none for a unit of partial diffusion."""
    if supplier.diffusion == PARTIAL:
        return []
    rows = [(m.phone, m.email, source_title(m.source)) for m in mentions if m.gone_on is None]
    rows.append((supplier.phone, supplier.email, "base"))
    found: dict[tuple[str, str], str] = {}
    for phone, email, title in rows:
        if phone or email:
            found.setdefault((phone, email), title)
    return [(phone, email, title) for (phone, email), title in found.items()]


def _description(supplier: Supplier, mentions: Sequence[Mention]) -> str:
    if _is_nameless(supplier):
        return ""
    said = [m.description for m in mentions if m.description and m.gone_on is None]
    return max([supplier.description, *said], key=len)


# --- claims: statuses and segments with their reasons ---


def statuses_of(session: Session, supplier: Supplier) -> list[Badge]:
    """The badges of a supplier, from its listing."""
    listing = session.get(Listing, supplier.id)
    tags = told(session, [supplier.id])[supplier.id]
    return badges(of_bits(listing.statuses), _of_firm(tags)) if listing else []


def segments_of(session: Session, supplier: Supplier) -> list[Segment]:
    """The sub-segments of a supplier, strongest first."""
    tags = told(session, [supplier.id])[supplier.id]
    codes = (tag.value for tag in tags if tag.kind == "segment")
    known = site().nomenclature.by_code
    return [known[code] for code in dict.fromkeys(codes) if code in known]


def _of_firm(tags: Sequence[Told]) -> set[str]:
    """Labels that only the whole firm holds."""
    return {label.code for label in granted(tags) if label.level == "siren"}


def _status_claims(
    tags: Sequence[Told], mentions: Sequence[Mention], is_label: bool
) -> list[Claim]:
    claims = []
    for status in (s for s in STATUSES if s.is_label == is_label):
        claims += [_claim((status.label,), tag, mentions) for tag in tags if _gives(tag, status)]
    return claims


def _gives(tag: Told, status: Status) -> bool:
    return (tag.kind, tag.value) in status.kinds or (tag.kind, "") in status.kinds


def _segment_claims(tags: Sequence[Told], mentions: Sequence[Mention]) -> list[Claim]:
    """The sub-segments by reason: each with its strongest one, the strongest reasons first."""
    known = site().nomenclature.by_code
    reasons: dict[tuple[str, str, str], list[Told]] = {}
    placed = set()
    for tag in tags:
        if tag.kind == "segment" and tag.value in known and tag.value not in placed:
            placed.add(tag.value)
            reasons.setdefault((tag.because, tag.level, tag.source), []).append(tag)
    return [
        _claim(tuple(known[tag.value].label for tag in alike), alike[0], mentions)
        for alike in reasons.values()
    ]


def _claim(labels: tuple[str, ...], tag: Told, mentions: Sequence[Mention]) -> Claim:
    seen = max((m.last_seen for m in mentions if m.source == tag.source), default=None)
    return Claim(
        labels, tag.because, LEVELS.get(tag.level, tag.level), source_title(tag.source), seen
    )


# --- sources ---


def source_title(source: str) -> str:
    if source == REGISTRATION:
        return "Déclaré par la structure"
    known = every_source().get(source)
    return known.title if known else source


def _origins(supplier: Supplier, mentions: Sequence[Mention]) -> list[Origin]:
    """The register first, then every list that names the supplier."""
    origins = []
    if supplier.origin == "register":
        ran = session().scalar(
            select(Run.finished_at)
            # Its files, or what INSEE's API says has changed since.
            .where(Run.source.startswith(REGISTER), Run.outcome == "done")
            .order_by(Run.id.desc())
            .limit(1)
        )
        origins.append(
            Origin(source_title(REGISTER), ran.date() if ran else supplier.last_seen, "", "", None)
        )
    for m in mentions:
        name = m.name if m.name != supplier.name and not _is_nameless(supplier) else ""
        facts = (source_title(m.source), m.last_seen, m.link, name, m.gone_on)
        is_placed = m.level == "siret"
        firm = FIRM_SITE if m.firm and is_placed else FIRM if m.firm else ""
        origins.append(Origin(*facts, m.id if is_placed else 0, firm))
    return origins


def _market_page(mentions: Sequence[Mention]) -> str:
    """The supplier's page on the inclusion market, when a list gave it."""
    return next((m.link for m in mentions if m.link.startswith(MARKET)), "")
