"""What a person decides holds for ever, moves what it must, and is undone without a trace."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sourcing import suppliers
from sourcing.linking import link, weights
from sourcing.linking.deciding import DecisionError, Desk
from sourcing.model import Decision, Judgement, Mention, Setting, Stale, Supplier
from tests.linking.conftest import Maker
from tests.linking.test_link import ATELIERS, LANESTER, LORIENT, RICOCHET

OTHER = "53876295600042"
ANA = "ana@exemple.fr"


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session, ANA)


def state(session: Session) -> list[object]:
    """All that decisions may change, by what things say and never by their numbers."""
    session.flush()
    uid = {s.id: s.uid for s in session.scalars(select(Supplier))}
    standing = session.scalars(select(Supplier).where(Supplier.merged_into.is_(None)))
    facts = [(s.uid, s.siret, s.name, s.address, s.other_names, s.origin, s.first_seen)
             for s in standing]  # fmt: skip
    rules = select(Judgement).where(Judgement.author == "rules", Judgement.withdrawn_at.is_(None))
    said = {j.mention_id: (j.verdict, j.level, j.score, tuple(j.reasons), uid[j.supplier_id or 0])
            for j in session.scalars(rules)}  # fmt: skip
    lines = [(m.source, m.key, uid[m.supplier_id or 0], m.firm, said.get(m.id))
             for m in session.scalars(select(Mention))]  # fmt: skip
    return [sorted(facts, key=str), sorted(lines, key=str)]


def again(session: Session) -> None:
    """Link all over, as after an import."""
    session.execute(delete(Setting).where(Setting.key == "linking_state"))
    link(session)


# --- one line ---


def test_a_yes_moves_the_line_and_its_supplier_leads_there(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    known = supplier(RICOCHET, **ATELIERS)
    line = mention(name="Boulangerie Le Goff", **LORIENT)
    link(session)
    own = session.get_one(Supplier, line.supplier_id).uid
    desk.same(line.id, known.id)
    assert line.supplier_id == known.id
    assert suppliers.find(session, own) is known
    assert known.id in set(session.scalars(select(Stale.supplier_id)))


def test_a_no_leaves_the_line_on_its_own_and_a_second_choice_is_asked(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    first, second = supplier(RICOCHET, **ATELIERS), supplier(OTHER, **ATELIERS)
    line = mention(**ATELIERS)
    link(session)
    desk.different(line.id, first.id)
    assert line.supplier_id not in (first.id, second.id)
    review = select(Judgement).where(
        Judgement.verdict == "review", Judgement.withdrawn_at.is_(None)
    )
    assert [j.supplier_id for j in session.scalars(review)] == [second.id]
    desk.neither(line.id)
    assert session.scalars(review).all() == []


def test_a_person_may_say_the_firm_alone(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    known = supplier(RICOCHET, **ATELIERS)
    line = mention(name="Boulangerie Le Goff", **LORIENT)
    link(session)
    desk.same(line.id, known.id, "siren")
    assert (line.supplier_id, line.firm) == (known.id, RICOCHET[:9])


def test_a_line_follows_the_one_a_person_placed_when_they_are_alike(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    known = supplier(RICOCHET, name="SARL Kerdoret", **LANESTER)
    one, two = mention("liste", **ATELIERS), mention("autre", **ATELIERS)
    link(session)
    desk.same(one.id, known.id)
    assert two.supplier_id == known.id


# --- split, re-attach, merge ---


def test_a_line_is_split_off_and_put_back(session: Session, mention: Maker, desk: Desk) -> None:
    lines = [mention(source, **ATELIERS) for source in ("a", "b", "c")]
    link(session)
    shared, before = lines[0].supplier_id, state(session)
    split = desk.move(lines[2].id)
    assert [line.supplier_id == shared for line in lines] == [True, True, False]
    assert lines[2].supplier_id is not None
    desk.move(lines[2].id, shared)
    assert lines[2].supplier_id == shared
    desk.undo(split.id)
    assert state(session)[0] == before[0]


def test_two_suppliers_of_lists_become_one(session: Session, mention: Maker, desk: Desk) -> None:
    one, two = mention("a", **ATELIERS), mention("b", name="Boulangerie Le Goff", **LORIENT)
    link(session)
    before, former = state(session), session.get_one(Supplier, two.supplier_id).uid
    merged = desk.merge(two.supplier_id or 0, one.supplier_id or 0)
    assert one.supplier_id == two.supplier_id
    assert suppliers.find(session, former) is session.get(Supplier, one.supplier_id)
    desk.undo(merged.id)
    assert state(session) == before


def test_a_supplier_someone_wrote_about_is_kept_and_leads(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    """A refusal stands for any note: another table speaks of this supplier."""
    known, line = supplier(RICOCHET, **ATELIERS), mention(name="Le Goff", siret=OTHER, **LORIENT)
    other = mention(name="Le Goff", **LORIENT)
    link(session)
    listed = session.get_one(Supplier, line.supplier_id)
    desk.different(other.id, listed.id)
    desk.move(line.id, known.id)
    session.refresh(listed)
    assert (listed.merged_into, suppliers.find(session, OTHER)) == (known.id, known)
    assert suppliers.numbers(session, known) == [known.id, listed.id]


@pytest.mark.parametrize("gesture", [
    lambda desk, one, two: desk.merge(one.supplier_id, two.supplier_id),
    lambda desk, one, two: desk.move(one.id, one.supplier_id),
    lambda desk, one, two: desk.move(one.id),
    lambda desk, one, two: desk.same(one.id, 999),
    lambda desk, one, two: desk.undo(999),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(
    session: Session, mention: Maker, desk: Desk, gesture: Callable[..., Any]
) -> None:
    one = mention("a", siret=RICOCHET, **ATELIERS)
    two = mention("b", siret=OTHER, **ATELIERS)
    lone = mention("c", name="Boulangerie Le Goff", **LORIENT)
    link(session)
    before = state(session)
    with pytest.raises(DecisionError, match=r"\.$"):
        gesture(desk, lone if gesture.__code__.co_names == ("move", "id") else one, two)
    assert state(session) == before


# --- for ever ---


def test_other_weights_change_nothing_a_person_said(
    session: Session, mention: Maker, supplier: Maker, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, line = supplier(RICOCHET, **ATELIERS), mention(**ATELIERS)
    link(session)
    desk.different(line.id, known.id)
    lenient = replace(weights.read(), same=0.01, review=0.001)
    monkeypatch.setattr(weights, "read", lambda: lenient)
    session.execute(delete(Setting).where(Setting.key == "linking_asked"))
    again(session)
    assert line.supplier_id != known.id


@pytest.mark.parametrize("now", [
    {"key": "autre clé"},
    {"key": "autre clé", "siret": OTHER},
    {"key": "autre clé", "address": "12 rue de Kerpont, bâtiment B"},
    {"key": "autre clé", "name": "LES ATELIERS DU SCORFF"},
])  # fmt: skip
def test_a_line_that_comes_back_under_another_key_keeps_what_was_said(
    session: Session, mention: Maker, supplier: Maker, desk: Desk, now: dict[str, str]
) -> None:
    known = supplier(RICOCHET, name="SARL Kerdoret", **LORIENT)
    line = mention("marche_inclusion", **ATELIERS)
    link(session)
    decision = desk.same(line.id, known.id)
    line.gone_on = line.last_seen
    new = mention("marche_inclusion", **ATELIERS | now)
    link(session)
    assert new.supplier_id == known.id
    desk.undo(decision.id)
    assert new.supplier_id != known.id


def test_numbers_that_others_have_now_do_not_carry_a_decision(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    """Keys that are places in a file: the lines came back in another order."""
    known = supplier(RICOCHET, name="SARL Kerdoret", **LORIENT)
    goff = {"name": "Boulangerie Le Goff", "address": "", **LORIENT}
    one, two = mention(key="liste:1", **ATELIERS), mention(key="liste:2", **goff)
    link(session)
    desk.same(one.id, known.id)
    for line, said in ((one, goff), (two, ATELIERS)):
        session.execute(
            update(Mention).where(Mention.id == line.id).values(supplier_id=None, **said)
        )
    session.expire_all()
    link(session)
    assert (one.supplier_id == known.id, two.supplier_id == known.id) == (False, True)


def test_a_correction_in_the_line_keeps_what_was_said(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    known = supplier(RICOCHET, name="SARL Kerdoret", **LORIENT)
    line = mention(key="slug", **ATELIERS)
    link(session)
    desk.same(line.id, known.id)
    line.name, line.address, line.supplier_id = "Ateliers du Scorf", "14 rue de Kerpont", None
    link(session)
    assert line.supplier_id == known.id


# --- undo ---


def fill(mention: Maker, supplier: Maker) -> None:
    """Two sites of a firm, a namesake, lines of four lists with and without siret."""
    for siret, said in (
        (OTHER, ATELIERS), ("53876295600018", ATELIERS),
        (RICOCHET, {"name": "Ricochet Services", **LORIENT}),
        ("34445638900016", {"name": "Boulangerie Le Goff", **LORIENT}),
    ):  # fmt: skip
        supplier(siret, **said)
    goff = {"name": "Boulangerie Le Gof", **LORIENT}
    for source in ("a", "b", "c"):
        mention(source, **ATELIERS)
        mention(source, **goff)
        mention(source, name="Recyclerie du Blavet", address="3 quai des Indes", **LORIENT)
        mention(source, name="Menuiserie Kervaric", address="8 rue de Kerpont", **LANESTER)
    mention("d", name="Recyclerie du Blavet", address="3 quai des Indes", siret="41920613100049",
            **LORIENT)  # fmt: skip
    mention("d", name="Menuiserie Kervaric", siret="41920613100056", **LANESTER)


def gesture(desk: Desk, random: Random) -> None:
    """One decision among all that a page offers, on anything."""
    lines = random.sample(desk.session.scalars(select(Mention.id).order_by(Mention.id)).all(), 2)
    here = desk.session.scalars(select(Supplier.id).where(Supplier.merged_into.is_(None))).all()
    one, two = random.sample(sorted(here), 2)
    random.choice([
        lambda: desk.same(lines[0], one), lambda: desk.same(lines[0], one, "siren"),
        lambda: desk.different(lines[0], one), lambda: desk.neither(lines[0]),
        lambda: desk.unsure(lines[0]), lambda: desk.move(lines[0]),
        lambda: desk.move(lines[0], two), lambda: desk.merge(one, two),
        lambda: desk.accept([(line, one) for line in lines]),
    ])()  # fmt: skip


def test_any_decisions_then_their_undoing_leave_no_trace(
    session: Session, mention: Maker, supplier: Maker, desk: Desk
) -> None:
    fill(mention, supplier)
    link(session)
    before, random = state(session), Random(4)
    in_force = select(Decision.id).where(Decision.withdrawn_at.is_(None))
    for _ in range(2):
        for _ in range(10):
            with suppress(DecisionError):
                gesture(desk, random)
        decided = session.scalars(in_force).all()
        said = state(session)
        again(session)
        assert state(session) == said, "deciding and linking all over differ"
        for decision in random.sample(decided, len(decided)):
            desk.undo(decision)
        assert state(session) == before
