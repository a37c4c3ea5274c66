"""The one set of URL names: what is written is read back."""

from math import inf

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sourcing.search.query import Near, Query
from tests.listed import LORIENT


def test_a_query_survives_its_url() -> None:
    query = Query(
        text="tonte",
        exact=True,
        dropped=("EV-02",),
        added=("SRV-01", "ENV-01"),
        segments=("EV-01",),
        families=("EV",),
        statuses=("siae", "esat"),
        communes=(LORIENT,),
        near=Near("Hennebont"),
        radius_km=7.5,
        sizes=("1-9",),
        page=3,
        territory_only=False,
        bbox=(-3.5, 47.0, -3.0, 48.0),
        sort="nom",
        with_noise=True,
    )
    args: dict[str, list[str]] = {}
    for name, value in query.to_args():
        args.setdefault(name, []).append(value)
    assert Query.from_args(args) == query


def test_a_correction_is_refused_for_these_words_only() -> None:
    assert Query.from_args({"q": ["netoyage"], "exact": ["netoyage"]}).exact
    assert not Query.from_args({"q": ["jadrin"], "exact": ["netoyage"]}).exact


ODD = st.text(max_size=8) | st.sampled_from(
    ["nan", "1e999", "-1", "0", "1,2,3,4", "91,0", str(inf)]
)
NAMES = st.sampled_from(["q", "rayon", "page", "zone", "tri", "autour", "statut"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(NAMES, st.lists(ODD, max_size=2)))
def test_any_url_is_a_query_and_settles(args: dict[str, list[str]]) -> None:
    query = Query.from_args(args)
    again: dict[str, list[str]] = {}
    for name, value in query.to_args():
        again.setdefault(name, []).append(value)
    assert Query.from_args(again).to_args() == query.to_args()
