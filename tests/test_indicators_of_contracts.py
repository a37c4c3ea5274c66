"""The charter's indicators from the contracts: what is silent is not a no."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.contracts import indicators, winners
from sourcing.contracts.indicators import Scope
from sourcing.model import Supplier, Tag
from tests.awarded import award, supplier
from tests.sirene_base import know_territory
from tests.sirene_files import siret

BUYER = siret(50)[:9]
OURS = Scope([BUYER])


@pytest.fixture
def base(session: Session) -> Session:
    know_territory(session)
    session.add_all([supplier(1, commune_code="56121"), supplier(2, commune_code="35238")])
    session.flush()
    award(session, 1, siret(1), social="Marché réservé", environmental="", segment="EV-01",
          is_innovative=True)  # fmt: skip
    award(session, 2, siret(2), social="Clause sociale", environmental="Critère environnemental",
          amount_eur=150_000.0, segment="SRV-01", is_innovative=False,
          notified_on=date(2025, 2, 1))  # fmt: skip
    award(session, 3, siret(1), social=None, environmental=None, amount_eur=None,
          notified_on=date(2019, 1, 1), segment="EV-01")  # fmt: skip
    award(session, 4, siret(1), buyer_siren=siret(60)[:9], social="Marché réservé")
    winners.attach(session)
    return session


def test_reserved_contracts_are_a_share_of_those_that_say(base: Session) -> None:
    share = indicators.reserved(base, OURS)
    assert (share.number, share.of_number, share.silent) == (1, 2, 1)
    assert (share.by_number, share.by_amount) == (0.5, 0.25)


def test_a_clause_a_criterion_and_a_reservation_are_all_social(base: Session) -> None:
    assert indicators.social(base, OURS).by_number == 1
    assert indicators.environmental(base, OURS).by_number == 0.5


def test_a_year_and_a_segment_narrow_the_scope(base: Session) -> None:
    assert indicators.social(base, Scope([BUYER], 2025)).of_number == 1
    assert indicators.social(base, Scope([BUYER], 2019)).by_number is None
    assert indicators.reserved(base, Scope([BUYER], None, "EV-01")).by_number == 1
    assert indicators.years(base, [BUYER])[:2] == [2025, 2024]


def test_local_and_innovative_winners_are_counted_by_value(base: Session) -> None:
    local = indicators.local(base, OURS)
    assert (local.number, local.of_number, local.amount_eur) == (2, 3, 50_000)
    assert indicators.innovative_and_local(base, OURS).number == 0
    winner = base.scalars(select(Supplier.id).where(Supplier.siret == siret(1))).one()
    base.add(Tag(supplier_id=winner, kind="innovation", value="Audélor", level="siret",
                 because="", source="innovation"))  # fmt: skip
    base.flush()
    assert indicators.innovative_and_local(base, OURS).by_amount == 0.25
    assert indicators.innovative_object(base, OURS).number == 1
    assert indicators.won_by_status(base, OURS, ["innovation"]).number == 2


def test_what_modifications_added_is_told_with_what_is_not_known(base: Session) -> None:
    award(base, 5, siret(1), initial_eur=100_000.0, amount_eur=109_000.0, modifications=1)
    share = indicators.modified(base, OURS)
    assert (share.number, share.by_amount, share.silent) == (1, pytest.approx(0.09), 3)


def test_each_segment_has_its_share_the_largest_first(base: Session) -> None:
    shares = indicators.by_segment(base, OURS, indicators.reserved)
    assert list(shares) == ["SRV-01", "EV-01"]
    assert shares["EV-01"].number == 1
