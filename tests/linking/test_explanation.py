"""The waterfall: a sum a person can redo, that ends where the verdict stands."""

from math import log2

import pytest
from sqlalchemy.orm import Session

from sourcing.linking import match
from sourcing.linking.explanation import waterfall
from sourcing.source import Record
from tests.linking.conftest import Maker
from tests.linking.test_link import ATELIERS, LORIENT, RICOCHET


def test_the_steps_add_up_to_the_probability(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    known = supplier(RICOCHET, **ATELIERS)
    supplier("53876295600042", **ATELIERS | {"name": "Ateliers du Ter"})
    line = mention(**ATELIERS)
    told = waterfall(session, line.id, known.id)
    chance = match(session, [Record(**ATELIERS)])[0].score
    assert sum(step.bits for step in told) == pytest.approx(told[-1].running, abs=0.1)
    assert told[-1].running == pytest.approx(log2(chance / (1 - chance)), abs=0.05)
    assert "adresse : même adresse" in [step.label for step in told]


def test_a_supplier_that_is_no_candidate_can_be_explained_too(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    other = supplier(RICOCHET, name="Boulangerie Le Goff", **LORIENT)
    line = mention(name="Garage Martinet", commune="Brest", postcode="29200")
    assert waterfall(session, line.id, other.id)[-1].running < 0


def test_nothing_is_told_of_what_is_not_there(session: Session) -> None:
    assert waterfall(session, 1, 1) == []
