"""A firm registered under two SIREN is one firm: its lines meet, and the link says how."""

from pathlib import Path

from sqlalchemy.orm import Session

from sourcing.duplicates import others, twins
from sourcing.linking import link, match
from sourcing.model import DuplicateSiren, Judgement
from sourcing.source import Record
from tests.linking.conftest import Maker
from tests.linking.test_link import ATELIERS
from tests.sirene_base import load
from tests.sirene_files import establishment, legal_unit, siret, stock, write_csv

SITE, TWIN = "53876295600042", "552100554"


def test_two_numbers_of_one_firm_stand_for_one(session: Session) -> None:
    for pair in (("3", "2"), ("4", "3"), ("9", "8")):
        session.add(DuplicateSiren(siren=pair[0], duplicate=pair[1]))
    session.flush()
    assert twins(session) == {"2": "2", "3": "2", "4": "2", "8": "8", "9": "8"}
    assert others(session, "3") == ["2", "4"]
    assert others(session, "1") == []


def test_a_line_with_the_other_number_joins_and_says_the_level(
    session: Session, mention: Maker, supplier: Maker
) -> None:
    supplier(SITE, **ATELIERS)
    session.add(DuplicateSiren(siren=TWIN, duplicate=SITE[:9]))
    line = mention(**ATELIERS, siren=TWIN)
    link(session)
    said = session.query(Judgement).filter_by(mention_id=line.id, withdrawn_at=None).one()
    assert (said.verdict, said.level) == ("same", "duplicate")


def test_the_register_brings_the_pairs_that_concern_us(session: Session, tmp_path: Path) -> None:
    known, far, other = siret(1)[:9], siret(7)[:9], siret(8)[:9]
    columns = ("siren", "sirenDoublon", "dateDernierTraitementDoublon")
    rows = [
        dict(zip(columns, (*pair, "2026-01-01"), strict=True))
        for pair in ((far, known), (far, other), (known, known))
    ]
    files = stock(tmp_path, [establishment(1)], [legal_unit(1)])
    load(session, [*files, write_csv(tmp_path / "StockDoublons.csv", columns, rows)])
    assert others(session, known) == [far]


def test_two_numbers_of_one_firm_are_not_rivals(session: Session, supplier: Maker) -> None:
    said = {"name": "Ateliers Ricochet", "commune": "Lanester", "postcode": "56600"}
    supplier(SITE, **said, address="12 rue Kerpont")
    supplier(f"{TWIN}00018", **said, address="3 quai Bellevue")
    apart = match(session, [Record(**said)])[0]
    session.add(DuplicateSiren(siren=TWIN, duplicate=SITE[:9]))
    together = match(session, [Record(**said, siren=TWIN)])[0]
    assert apart.firm_score < 0.6 < 0.9 < together.firm_score
    assert "établissement à préciser" in together.reasons
