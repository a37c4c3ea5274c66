"""Tags that follow from what the lists assert of a supplier, while they assert it."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, literal, or_, select

from sourcing.mapping import saved
from sourcing.model import Mention, Supplier, Tag
from sourcing.normalise.text import fold
from sourcing.segments import Nomenclature
from sourcing.tagging import scope as scoped
from sourcing.tagging.of_register import is_tagged
from sourcing.tagging.scope import Scope, by_statements
from sourcing.tagging.statuses import ESS_LABELS, STAFFING_KINDS, STAFFING_SEGMENT, list_name

LABEL = "label:"
KINDS = ("siae", "handicap", "insertion", "innovation", "ess", "label")
# A description is read by the classifier; it weighs less than a declared sector.
DESCRIPTION_WEIGHT, LEAST_DESCRIPTION_SCORE, LEAST_DESCRIPTION_LENGTH = 0.8, 0.4, 12
STAFFING_WEIGHT = 0.8
PUBLIC_NAME = re.compile(
    r"\b(COMMUNE|MAIRIE|VILLE) (DE|D|DU|DES)\b|^(CCAS|CIAS)\b"
    r"|^CENTRE (INTER)?COMMUNAL D ACTION SOCIALE\b"
    r"|^COMMUNAUTE (DE COMMUNES|D AGGLOMERATION|URBAINE)\b|(?<! L) (AGGLOMERATION|AGGLO|METROPOLE)$"
    r"|^(CONSEIL )?(DEPARTEMENT|DEPARTEMENTAL) (DE|D|DU|DES)\b|^CONSEIL (DEPARTEMENTAL|REGIONAL)\b"
    r"|^REGION (DE|D|DU|DES|BRETAGNE)\b|^SYNDICAT (MIXTE|INTERCOMMUNAL)\b"
)
PRIVATE_NAME = re.compile(r"^(ASSOCIATION|ASSO|AMICALE|COMITE|LES AMIS|SARL|SAS|SCI)\b")


class Found(NamedTuple):
    """One tag a mention gives."""

    kind: str
    value: str
    because: str
    weight: float = 1.0


SAID = (
    Supplier.id.label("supplier_id"),
    Mention.source,
    Mention.siret,
    Mention.firm,
    Mention.statuses,
    Mention.sectors,
    Mention.description,
    Mention.is_qpv,
    Mention.ends_on,
    Supplier.siret.label("supplier_siret"),
)


def mentions(scope: Scope) -> None:
    """Statuses, declared sectors and described activities of every mention still in its list."""
    best: dict[tuple[int, str, str, str], tuple[Any, ...]] = {}
    public = _public(scope)
    titles = {name: source.title for name, source in saved.sources(scope.session).items()}
    for mention in _mentions(scope):
        title = titles.get(mention.source) or list_name(mention.source)
        is_public = mention.supplier_id in public
        for found in _found(mention, scope.nomenclature, title, is_public):
            key = (mention.supplier_id, found.kind, found.value, mention.source)
            tag = (
                mention.supplier_id,
                found.kind,
                found.value,
                _level(mention),
                found.because,
                mention.source,
                found.weight,
                mention.ends_on,
            )
            if key not in best or _strength(best[key]) < _strength(tag):
                best[key] = tag
    scope.give_rows(best.values())


def _strength(tag: tuple[Any, ...]) -> tuple[float, bool, date]:
    """The heaviest wins, then what is said of the establishment itself, then what lasts longest."""
    *_, level, _because, _source, weight, ends_on = tag
    return weight, level == "siret", ends_on or date.max


def _mentions(scope: Scope) -> Iterator[Row[Any]]:
    """Each still in force with its supplier; those of a firm as a whole, with each of its sites."""
    holds = or_(Mention.ends_on.is_(None), Mention.ends_on >= scope.today)
    current = select(*SAID).where(Mention.gone_on.is_(None), holds)
    current = current.order_by(Mention.id, Supplier.id)
    here = current.where(Supplier.id == Mention.supplier_id, Mention.firm == "")
    of_firm = current.where(Supplier.siren == Mention.firm, Mention.firm != "")
    for wanted in (here, of_firm):
        yield from scope.session.execute(scope.among(wanted))


def _public(scope: Scope) -> frozenset[int]:
    """The public bodies some list speaks of."""
    spoken_of = select(scoped.SAID.c.supplier_id)
    known = select(Tag.supplier_id).where(Tag.kind == "public", Tag.supplier_id.in_(spoken_of))
    return frozenset(supplier for (supplier,) in scope.rows(known.distinct()))


def _level(mention: Row[Any]) -> str:
    """The establishment itself, or its firm: the line says no more, or names another site."""
    elsewhere = mention.siret and mention.supplier_siret and mention.siret != mention.supplier_siret
    return "siren" if mention.firm or elsewhere else "siret"


def _found(
    mention: Row[Any], nomenclature: Nomenclature, title: str, is_public: bool
) -> Iterator[Found]:
    yield from _asserted(mention, title, nomenclature, is_public)
    if mention.is_qpv:
        yield Found("qpv", "qpv", f"quartier prioritaire d'après {title}")
    labels = [status.removeprefix(LABEL) for status in mention.statuses if status.startswith(LABEL)]
    for label in labels:
        yield from _vouched(label, mention, nomenclature, title)
    for sector in mention.sectors:
        if any(nomenclature.from_label(label, sector) for label in labels):
            continue
        clear = nomenclature.by_code[sector].label if sector in nomenclature.by_code else sector
        for code, weight in nomenclature.from_sector(sector):
            yield Found("segment", code, f"secteur déclaré : {clear} ({title})", weight)
    yield from _described(mention.description, title, nomenclature)


def _vouched(
    label: str, mention: Row[Any], nomenclature: Nomenclature, title: str
) -> Iterator[Found]:
    """What holding this label says of what it sells, of itself and by its domains of work."""
    for domain in ("", *mention.sectors):
        said = f"qualification {label}" + f" : {domain}" * bool(domain)
        for code, weight in nomenclature.from_label(label, domain):
            yield Found("segment", code, f"{said} ({title}){_until(mention)}", weight)


def _until(mention: Row[Any]) -> str:
    return f", jusqu'au {mention.ends_on:%d/%m/%Y}" if mention.ends_on else ""


def _asserted(
    mention: Row[Any], title: str, nomenclature: Nomenclature, is_public: bool
) -> Iterator[Found]:
    """ "siae:ACI" and the like; a structure that lends staff sells just that."""
    until = _until(mention)
    for status in mention.statuses:
        kind, _, value = status.partition(":")
        if kind not in KINDS or (kind == "ess" and is_public):
            continue
        said = ESS_LABELS.get(value, value) if kind == "ess" else value or kind
        yield Found(kind, value or kind, f"{said} d'après {title}{until}")
        if (kind, value) in STAFFING_KINDS and STAFFING_SEGMENT in nomenclature.by_code:
            yield Found(
                "segment",
                STAFFING_SEGMENT,
                f"{value} : met du personnel à disposition ({title})",
                STAFFING_WEIGHT,
            )


def _described(description: str, title: str, nomenclature: Nomenclature) -> Iterator[Found]:
    if len(description) < LEAST_DESCRIPTION_LENGTH:
        return
    for guess in nomenclature.classify(description, top=2):
        if guess.score >= LEAST_DESCRIPTION_SCORE:
            said = ", ".join(guess.words)
            yield Found(
                "segment",
                guess.code,
                f"activité décrite : {said} ({title})",
                round(DESCRIPTION_WEIGHT * guess.score, 2),
            )


def public_names(scope: Scope) -> None:
    """Public bodies that only a list knows, by their name."""
    unknown = select(Supplier.id, Supplier.name, Supplier.origin).where(
        Supplier.origin != "register", Supplier.legal_form == "", ~is_tagged("public")
    )
    scope.give_rows(
        (supplier, "public", "public", "siren", f"organisme public d'après son nom : {name}",
         origin, 1.0, None)
        for supplier, name, origin in scope.rows(unknown)
        if is_public_name(name)
    )  # fmt: skip


def is_public_name(name: str) -> bool:
    key = fold(name)
    return bool(PUBLIC_NAME.search(key)) and not PRIVATE_NAME.search(key)


@by_statements
def ess() -> Iterator[Select[*tuple[Any, ...]]]:
    """Insertion and adapted structures count in the ESS, unless a public body carries them."""
    yield (
        select(
            Tag.supplier_id,
            literal("ess").label("kind"),
            literal("inclusive").label("value"),
            func.min(Tag.level).label("level"),
            (
                "structure d'insertion ou adaptée (" + func.min(Tag.value) + "), comptée dans l'ESS"
            ).label("because"),
            Tag.source,
            literal(1.0).label("weight"),
        )
        .join(Supplier, Supplier.id == Tag.supplier_id)
        .where(Tag.kind.in_(("siae", "handicap")), ~is_tagged("public"))
        .group_by(Tag.supplier_id, Tag.source, Supplier.id)
    )
