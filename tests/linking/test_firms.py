"""A line that fits several sites of one firm is the firm's: said on each, tagged for each."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import segments, suppliers, tagging
from sourcing.linking import link
from sourcing.model import Mention, Stale, Supplier, Tag
from tests.linking.conftest import Maker
from tests.linking.test_link import ATELIERS, LORIENT

SITES = ("53876295600042", "53876295600018")


@pytest.fixture
def firm(session: Session, mention: Maker, supplier: Maker) -> tuple[Mention, list[Supplier]]:
    """Two sites alike, one elsewhere, and a line that is any of the two."""
    sites = [supplier(siret, **ATELIERS) for siret in SITES]
    sites.append(supplier("53876295600026", name="Autre enseigne", **LORIENT))
    line = mention(**ATELIERS, statuses=["siae:EI"])
    link(session)
    return line, sites


def test_the_line_is_at_each_site(session: Session, firm: tuple[Mention, list[Supplier]]) -> None:
    line, sites = firm
    assert line.firm == SITES[0][:9]
    assert [suppliers.mentions(session, site) for site in sites] == [[line]] * 3


def test_its_tags_are_of_the_firm(session: Session, firm: tuple[Mention, list[Supplier]]) -> None:
    _, sites = firm
    assert set(session.scalars(select(Stale.supplier_id))) == {site.id for site in sites}
    tagging.tag(session, segments.load())
    found = session.execute(select(Tag.supplier_id, Tag.level).where(Tag.kind == "siae"))
    assert sorted(map(tuple, found)) == sorted((site.id, "siren") for site in sites)
