"""Counts that equal what a click gives."""

from dataclasses import replace

from sqlalchemy.orm import Session

from sourcing.model import Setting
from sourcing.search import Query, all_hits, search
from tests.listed import ASKED, NOMENCLATURE, places, random_base, supplier

URL_FIELDS = {
    "statut": "statuses",
    "label": "labels",
    "famille": "families",
    "segment": "segments",
    "commune": "communes",
    "effectif": "sizes",
}


def test_counts_equal_what_a_click_gives(session: Session) -> None:
    random_base(session)
    for query in ASKED:
        page = search(session, NOMENCLATURE, query)
        assert page.total == sum(1 for _ in all_hits(session, NOMENCLATURE, query)), query
        for facet in page.facets:
            for option in facet.options:
                clicked = replace(query, **{URL_FIELDS[facet.name]: (option.value,)})
                assert search(session, NOMENCLATURE, clicked).total == option.count, (query, option)


def test_hidden_and_outside_equal_what_a_click_gives(session: Session) -> None:
    random_base(session)
    for query in ASKED:
        page = search(session, NOMENCLATURE, query)
        shown = search(session, NOMENCLATURE, replace(query, with_noise=True))
        assert page.total + page.hidden == shown.total
        if page.beyond and page.beyond.radius_km:
            assert page.total + page.outside == search(session, NOMENCLATURE, page.beyond).total


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
