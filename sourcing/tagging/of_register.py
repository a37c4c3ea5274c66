"""Tags that follow from what the register says: selections of the suppliers in scope."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from sourcing.model import REGISTER, NafHint, Supplier, Tag
from sourcing.segments import Nomenclature
from sourcing.tagging import statuses
from sourcing.tagging.scope import SAID, by_statements

SIRENE = "sirene"
Clause = ColumnElement[bool]
Words = ColumnElement[str]
Rows = Select[*tuple[Any, ...]]

SCI_FORMS = ("6521", "6539", "6540", "6541", "6542", "6544")
LANDLORD_NAF = ("68.20A", "68.20B")
HOLDING_NAF = "64.20Z"
NO_ACTIVITY_NAF = "00.00Z"
CONDOMINIUM_FORM = "9110"
PUBLIC_FORM, PUBLIC_TRADE_FORM = "7%", "4%"
LARGE = ("ETI", "GE")
# SIREN numbers of public bodies start so, whatever else is known of them.
PUBLIC_SIREN = ("1%", "2%")


@dataclass(frozen=True, slots=True)
class Fact:
    """A tag some suppliers get; value and because may be SQL over their columns."""

    kind: str
    value: str | Words
    level: str
    because: str | Words


def _rows(fact: Fact, where: Clause) -> Rows:
    """One row of COLUMNS per supplier that fits."""
    return select(
        Supplier.id.label("supplier_id"),
        literal(fact.kind).label("kind"),
        _sql(fact.value).label("value"),
        literal(fact.level).label("level"),
        _sql(fact.because).label("because"),
        literal(SIRENE).label("source"),
        literal(1.0).label("weight"),
    ).where(where)


def _sql(value: str | Words) -> Words:
    return literal(value) if isinstance(value, str) else value


# --- told by the supplier's own columns whenever asked, never kept ---


def by_naf() -> Rows:
    """What the NAF code hints at, never as strongly as a declared sector: rows of COLUMNS."""
    return select(
        Supplier.id.label("supplier_id"),
        literal("segment").label("kind"),
        NafHint.segment.label("value"),
        literal("siret").label("level"),
        ("code NAF " + Supplier.naf).label("because"),
        literal(SIRENE).label("source"),
        NafHint.weight.label("weight"),
    ).join_from(Supplier, NafHint, Supplier.naf == NafHint.naf)


def by_size() -> Rows:
    """TPE, PME, ETI or GE: INSEE's category, refined or replaced by the headcount band."""
    band, category, value = Supplier.size_code, Supplier.category, size()
    labels = {band: size.label.lower() for size in statuses.SIZES for band in size.bands if band}
    because = case(
        (
            or_(
                category.in_(LARGE),
                and_(category == "PME", band.not_in(statuses.TPE_BANDS)),
            ),
            "catégorie " + category + " de l'INSEE",
        ),
        else_=case(labels, value=band, else_="effectif"),
    )
    return _rows(Fact("size", value, "siret", because), value != "")


def size() -> Words:
    """The supplier's value of the tag `size`, '' when it has none."""
    band, category = Supplier.size_code, Supplier.category
    return case(
        (Supplier.legal_form.like(PUBLIC_FORM), ""),
        (category.in_(LARGE), category),
        (band.in_(statuses.TPE_BANDS), "TPE"),
        (category == "PME", "PME"),
        (band.in_(statuses.PME_BANDS), "PME"),
        (band.in_(statuses.ETI_BANDS), "ETI"),
        (band.in_(statuses.GE_BANDS), "GE"),
        else_="",
    )


def write_hints(session: Session, nomenclature: Nomenclature) -> None:
    """The nomenclature's links from NAF codes, when they are not those the base has."""
    wanted = {
        (naf, code, weight) for naf, found in nomenclature.naf_links.items()
        for code, weight in found
    }  # fmt: skip
    known = session.execute(select(NafHint.naf, NafHint.segment, NafHint.weight))
    if wanted == set(map(tuple, known)):
        return
    session.execute(delete(NafHint))
    rows = [dict(zip(("naf", "segment", "weight"), row, strict=True)) for row in sorted(wanted)]
    if rows:
        session.execute(insert(NafHint), rows)


# --- kept, since they need a list, another tag, or are few ---


@by_statements
def mission() -> Iterator[Rows]:
    yield _rows(
        Fact("mission", "mission", "siren", "société à mission d'après SIRENE"),
        Supplier.is_mission.is_(True),
    )


@by_statements
def qpv() -> Iterator[Rows]:
    yield _rows(
        Fact("qpv", "qpv", "siret", "adresse dans un quartier prioritaire"),
        Supplier.is_qpv.is_(True),
    )


@by_statements
def public() -> Iterator[Rows]:
    """Public bodies by legal form, else by their SIREN; public trading bodies are told apart."""
    form, siren = Supplier.legal_form, Supplier.siren
    is_public, trades = form.like(PUBLIC_FORM), form.like(PUBLIC_TRADE_FORM)
    yield _rows(
        Fact("public", "public", "siren", "personne publique (forme juridique " + form + ")"),
        is_public,
    )
    yield _rows(
        Fact(
            "public",
            "trading",
            "siren",
            "établissement public industriel et commercial (forme juridique " + form + ")",
        ),
        trades,
    )
    yield _rows(
        Fact(
            "public",
            "public",
            "siren",
            "SIREN d'une personne publique (il commence par " + func.substr(siren, 1, 1) + ")",
        ),
        and_(or_(*(siren.like(start) for start in PUBLIC_SIREN)), not_(is_public), not_(trades)),
    )


@by_statements
def ess() -> Iterator[Rows]:
    """ESS by legal form, with its family; else by SIRENE's own field. Never a public body."""
    statutory = [form for _, _, forms in statuses.ESS_FAMILIES for form in forms]
    for value, label, forms in statuses.ESS_FAMILIES:
        yield _rows(
            Fact("ess", value, "siren", f"{label} (forme juridique " + Supplier.legal_form + ")"),
            Supplier.legal_form.in_(forms),
        )
    yield _rows(
        Fact("ess", "company", "siren", "société de l'ESS d'après SIRENE"),
        and_(
            Supplier.is_ess.is_(True),
            Supplier.legal_form.not_in(statutory),
            not_(is_tagged("public")),
        ),
    )


@by_statements
def noise() -> Iterator[Rows]:
    """What a buyer never looks for; a list's structure is not hidden for its form or its NAF."""
    listed = exists().where(SAID.c.supplier_id == Supplier.id, SAID.c.gone_on.is_(None))
    form, naf = Supplier.legal_form, Supplier.naf
    closed_on = cast(Supplier.closed_on, Text)
    day = (
        func.substr(closed_on, 9, 2)
        + "/"
        + func.substr(closed_on, 6, 2)
        + "/"
        + func.substr(closed_on, 1, 4)
    )
    yield _rows(
        Fact(
            "noise",
            "closed",
            "siret",
            func.coalesce("établissement fermé le " + day, "établissement fermé"),
        ),
        Supplier.state == "F",
    )
    yield _rows(
        Fact("noise", "inactive", "siret", "activité non commencée (NAF 00.00Z)"),
        and_(naf == NO_ACTIVITY_NAF, not_(listed)),
    )
    because = case(
        (form.in_(SCI_FORMS), "société civile immobilière (forme juridique " + form + ")"),
        else_="bailleur (NAF " + naf + ")",
    )
    yield _rows(
        Fact("noise", "property", "siren", because),
        and_(or_(form.in_(SCI_FORMS), naf.in_(LANDLORD_NAF)), not_(listed)),
    )
    yield _rows(
        Fact("noise", "holding", "siren", "holding (NAF 64.20Z)"),
        and_(naf == HOLDING_NAF, form.not_in(SCI_FORMS), not_(listed)),
    )
    yield _rows(
        Fact("noise", "condominium", "siren", "syndicat de copropriété (forme juridique 9110)"),
        form == CONDOMINIUM_FORM,
    )
    yield _rows(
        Fact("noise", "public", "siren", "organisme public : plutôt acheteur que fournisseur"),
        and_(is_tagged("public", "public"), not_(is_tagged("handicap"))),
    )


@by_statements
def gone() -> Iterator[Rows]:
    """Who is in no source any more; closed establishments say so themselves."""
    its = SAID.c.supplier_id == Supplier.id
    living = exists().where(its, SAID.c.gone_on.is_(None))
    left_lists = exists().where(its, SAID.c.gone_on.is_not(None)) & not_(living)
    yield _rows(
        Fact("noise", "gone", "siret", "n'est plus au répertoire SIRENE"),
        and_(Supplier.gone_on.is_not(None), Supplier.state == "A"),
    )
    yield _rows(
        Fact("noise", "gone", "siret", "ne figure plus dans aucune liste"),
        and_(Supplier.origin != REGISTER, left_lists),
    )


def is_tagged(kind: str, value: str = "") -> Clause:
    """The supplier already carries such a tag."""
    tag = aliased(Tag)
    found = exists().where(tag.supplier_id == Supplier.id, tag.kind == kind)
    return found.where(tag.value == value) if value else found
