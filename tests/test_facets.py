"""Counts that equal what a click gives."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from sourcing.model import Setting
from sourcing.search import Query, all_hits, search, uids
from tests.listed import ASKED, NOMENCLATURE, places, random_base, supplier

URL_FIELDS = {
    "statut": "statuses",
    "label": "labels",
    "famille": "families",
    "segment": "segments",
    "commune": "communes",
    "effectif": "sizes",
}


@pytest.fixture
def base(session: Session) -> Session:
    """Its version is known: the columns are read once, as on a site."""
    random_base(session)
    session.add(Setting(key="data_version", value=f"{id(session)}"))
    session.flush()
    return session


def test_counts_equal_what_a_click_gives(base: Session) -> None:
    for query in ASKED:
        page = search(base, NOMENCLATURE, query)
        assert page.total == sum(1 for _ in all_hits(base, NOMENCLATURE, query)), query
        assert page.total == len(uids(base, NOMENCLATURE, query)), query
        for facet in page.facets:
            for option in facet.options:
                clicked = replace(query, **{URL_FIELDS[facet.name]: (option.value,)})
                assert len(uids(base, NOMENCLATURE, clicked)) == option.count, (query, option)


def test_hidden_and_outside_equal_what_a_click_gives(base: Session) -> None:
    for query in ASKED:
        page = search(base, NOMENCLATURE, query)
        shown = search(base, NOMENCLATURE, replace(query, with_noise=True))
        assert page.total + page.hidden == shown.total
        if page.beyond and page.beyond.radius_km:
            assert page.total + page.outside == search(base, NOMENCLATURE, page.beyond).total


def test_counts_are_remembered_until_the_data_change(session: Session) -> None:
    places(session)
    supplier(session, "11111111100011", "Première")
    session.add(Setting(key="data_version", value=f"{id(session)}-1"))
    session.flush()
    assert search(session, NOMENCLATURE, Query()).total == 1
    supplier(session, "77777777700011", "Nouvelle venue")
    session.get_one(Setting, "data_version").value = f"{id(session)}-2"
    session.flush()
    assert search(session, NOMENCLATURE, Query()).total == 2
