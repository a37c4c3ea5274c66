"""link: every mention to its supplier, whatever the order of the files, with its reasons."""

import hashlib
from datetime import datetime
from itertools import permutations

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sourcing import suppliers
from sourcing.linking import Counts, link
from sourcing.model import Judgement, Mention, Supplier
from tests.linking.conftest import Maker

RICOCHET = "41920613100031"
LANESTER = {"commune": "Lanester", "commune_code": "56098", "postcode": "56600"}
LORIENT = {"commune": "Lorient", "commune_code": "56121", "postcode": "56100"}
ATELIERS = {"name": "Les Ateliers du Scorff", "address": "12 rue de Kerpont", **LANESTER}


def judgements(session: Session, mention: Mention) -> list[Judgement]:
    return list(session.scalars(select(Judgement).where(
        Judgement.mention_id == mention.id, Judgement.withdrawn_at.is_(None))))  # fmt: skip


def content(session: Session) -> list[object]:
    """Every supplier by what it says and what it holds, whatever its number."""
    held = select(Mention.source, Mention.key, Mention.supplier_id)
    mentions = [(m.source, m.key, m.supplier_id) for m in session.execute(held)]
    return sorted((s.uid, s.siret or "", s.name, s.address, s.other_names,
                   tuple(sorted(m[:2] for m in mentions if m[2] == s.id)))
                  for s in session.scalars(select(Supplier)))  # fmt: skip


def decide(session: Session, mention: Mention, supplier: Supplier, verdict: str) -> None:
    session.add(
        Judgement(
            mention_id=mention.id,
            supplier_id=supplier.id,
            verdict=verdict,
            score=1.0,
            reasons=[],
            author="ana@exemple.fr",
            decided_at=datetime(2026, 7, 2),
        )
    )
    session.flush()


def test_one_siret_with_two_kinds_is_one_supplier(session: Session, mention: Maker) -> None:
    one = mention(name="RICOCHET", siret=RICOCHET, key="aci", statuses=["siae:ACI"])
    two = mention(name="RICOCHET", siret=RICOCHET, key="ei", statuses=["siae:EI"])
    assert link(session) == Counts(same=2, review=0, new=1)
    assert one.supplier_id == two.supplier_id
    assert session.get_one(Supplier, one.supplier_id).uid == RICOCHET


def test_two_sites_of_one_firm_stay_two(session: Session, mention: Maker) -> None:
    one = mention(name="SAS FEUILLE ERABLE", siret="53876295600042", **LORIENT)
    two = mention(name="SAS FEUILLE D'ERABLE", siret="53876295600018", **LORIENT)
    link(session)
    assert one.supplier_id != two.supplier_id


def test_a_known_siret_is_that_supplier(session: Session, mention: Maker, supplier: Maker) -> None:
    known = supplier(RICOCHET, name="RICOCHET", **LORIENT)
    line = mention(name="Ricochet chantier", siret=RICOCHET, **LORIENT)
    assert link(session) == Counts(same=1, review=0, new=0)
    assert line.supplier_id == known.id
    assert judgements(session, line)[0].reasons == ["même SIRET"]


def test_a_siret_shared_by_strangers_is_linked_and_shown(session: Session, mention: Maker) -> None:
    one = mention(name="TREMPLINS", siret="34445638900016", postcode="33750", commune_code="33466")
    two = mention(
        name="GARAGE MARTINET", siret="34445638900016", postcode="13103", commune_code="13094"
    )
    assert link(session) == Counts(same=0, review=2, new=1)
    assert one.supplier_id == two.supplier_id
    assert "départements différents" in judgements(session, two)[0].reasons


def test_a_line_without_siret_finds_its_supplier(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    known = supplier(RICOCHET, **ATELIERS)
    line = mention(name="LES ATELIERS DU SCORF", address="12 R. DE KERPONT", **LANESTER)
    assert link(session).same == 1
    assert line.supplier_id == known.id
    assert "même adresse" in judgements(session, line)[0].reasons


def test_nobody_alike_makes_a_supplier(session: Session, mention: Maker, supplier: Maker) -> None:
    supplier(RICOCHET, **ATELIERS)
    line = mention(name="Boulangerie Le Goff", address="3 place Polig", **LORIENT)
    assert link(session) == Counts(same=0, review=0, new=1)
    own = session.get_one(Supplier, line.supplier_id)
    assert (own.siret, own.name, own.uid[0], len(own.uid)) == (None, "Boulangerie Le Goff", "x", 13)


def test_two_equally_good_candidates_are_a_question(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    known = [supplier(siret, **ATELIERS) for siret in (RICOCHET, "53876295600018")]
    line = mention(**ATELIERS)
    assert link(session) == Counts(same=0, review=1, new=1)
    said = judgements(session, line)[0]
    assert said.verdict == "review"
    assert said.supplier_id in [s.id for s in known]
    assert line.supplier_id not in [s.id for s in known]


def test_two_sites_that_fit_are_the_firm(session: Session, mention: Maker, supplier: Maker) -> None:
    known = [supplier(siret, **ATELIERS) for siret in ("53876295600042", "53876295600018")]
    line = mention(**ATELIERS)
    assert link(session) == Counts(same=0, review=1, new=0)
    said = judgements(session, line)[0]
    assert (line.firm, said.level, said.verdict) == ("538762956", "siren", "review")
    assert line.supplier_id in [s.id for s in known]
    assert "établissement à préciser" in said.reasons


def test_a_published_siret_never_joins_another(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    known = supplier("53876295600042", **ATELIERS)
    line = mention(siret=RICOCHET, **ATELIERS)
    link(session)
    assert line.supplier_id != known.id


def test_two_lists_that_name_one_unknown_structure_make_one(
    session: Session, mention: Maker
) -> None:
    one = mention("liste", **ATELIERS)
    two = mention("autre", **ATELIERS | {"name": "ATELIERS DU SCORFF"})
    assert link(session).new == 1
    assert one.supplier_id == two.supplier_id


def test_neighbours_of_another_name_stay_apart(session: Session, mention: Maker) -> None:
    one = mention(**ATELIERS | {"name": "GEIQ BTP DU PAYS DE LORIENT"})
    two = mention(**ATELIERS | {"name": "GEIQ MULTISECTORIEL 56"})
    link(session)
    assert one.supplier_id != two.supplier_id


def test_linking_again_changes_nothing(session: Session, mention: Maker, supplier: Maker) -> None:
    supplier(RICOCHET, **ATELIERS)
    mention(**ATELIERS)
    mention(name="Boulangerie Le Goff", **LORIENT)
    link(session)
    before = content(session), session.scalar(select(func.count(Judgement.id)))
    assert link(session) == Counts()
    session.execute(update(Mention).values(last_seen=Mention.last_seen))
    mention(name="Une autre ligne", **LORIENT)
    link(session)
    assert session.scalar(select(func.count(Judgement.id))) == before[1] + 1


FILES = {
    "liste": {"name": "ATELIERS DU SCORFF", "address": "12 rue Kerpont", **LANESTER},
    "autre": ATELIERS,
    "siae": {**ATELIERS, "siret": RICOCHET},
}


# Of the six orders, three that differ most: each file is once the first.
ORDERS = [order for number, order in enumerate(permutations(FILES)) if number in (0, 3, 5)]


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_the_files_does_not_count(
    session: Session, mention: Maker, order: tuple[str, ...]
) -> None:
    for source in order:
        mention(source, key="k", **FILES[source])
        link(session)
    assert content(session) == [
        (
            RICOCHET,
            RICOCHET,
            "Les Ateliers du Scorff",
            "12 rue de Kerpont",
            "ATELIERS DU SCORFF",
            (("autre", "k"), ("liste", "k"), ("siae", "k")),
        )
    ]


@pytest.mark.parametrize("order", ORDERS)
def test_neither_does_it_for_the_uid_of_what_lists_alone_know(
    session: Session, mention: Maker, order: tuple[str, ...]
) -> None:
    former = set()
    for source in order:
        mention(source, key="k", **FILES[source] | {"siret": ""})
        link(session)
        former |= set(session.scalars(select(Supplier.uid)))
    found = session.scalars(select(Supplier)).one()
    assert found.uid == "x" + hashlib.sha256(b"autre\nk").hexdigest()[:12]
    assert [suppliers.find(session, uid) for uid in former] == [found] * len(former)


def test_two_firms_are_never_joined_and_the_weakest_tie_is_asked(
    session: Session, mention: Maker
) -> None:
    """Each line without siret is like both: its own siret decides for the others."""
    one = mention("a", siret=RICOCHET, **ATELIERS)
    two = mention("b", siret="53876295600042", **ATELIERS)
    between = mention("c", **ATELIERS)
    link(session)
    assert len({one.supplier_id, two.supplier_id, between.supplier_id}) == 3
    said = judgements(session, between)[0]
    assert (said.verdict, said.reasons[-1]) == (
        "review",
        "un autre fournisseur lui ressemble autant",
    )


def test_a_line_is_known_by_what_another_list_calls_its_siret(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    known = supplier(RICOCHET, name="SARL Kerdoret", **LORIENT)
    mention("a", siret=RICOCHET, **ATELIERS)
    line = mention("b", **ATELIERS)
    assert link(session) == Counts(same=2, review=0, new=0)
    assert line.supplier_id == known.id
    assert (
        judgements(session, line)[0].reasons[0] == "même structure que « Les Ateliers du Scorff »"
    )


def test_a_person_outranks_the_rules(session: Session, mention: Maker, supplier: Maker) -> None:
    known, other = (
        supplier("53876295600042", **ATELIERS),
        supplier(RICOCHET, name="Autre", **LORIENT),
    )
    line = mention(**ATELIERS)
    decide(session, line, known, "different")
    decide(session, line, other, "same")
    link(session)
    assert line.supplier_id == other.id
    session.execute(update(Mention).values(supplier_id=None))
    link(session)
    session.refresh(line)
    assert line.supplier_id == other.id


def test_a_refused_supplier_is_never_proposed_again(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    known = supplier(RICOCHET, **ATELIERS)
    line = mention(**ATELIERS)
    link(session)
    assert line.supplier_id == known.id
    decide(session, line, known, "different")
    link(session)
    session.refresh(line)
    assert line.supplier_id != known.id
    assert all(j.supplier_id != known.id for j in judgements(session, line) if j.author == "rules")


def test_a_refused_siret_leaves_the_line_on_its_own(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    known = supplier(RICOCHET, **ATELIERS)
    line = mention(siret=RICOCHET, name="Garage Martinet", **LORIENT)
    decide(session, line, known, "different")
    link(session)
    assert session.get_one(Supplier, line.supplier_id).siret is None


def test_a_masked_name_is_never_compared(session: Session, mention: Maker, supplier: Maker) -> None:
    masked = supplier(RICOCHET, name="[Non diffusible]", diffusion="P", **LORIENT)
    line = mention(name="Non diffusible", **LORIENT)
    link(session)
    assert line.supplier_id != masked.id
