"""Cleaning in columns gives, line by line, what cleaning one record gives."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sourcing.normalise import clean
from sourcing.normalise.columns import DEFAULTS, Cleaning, column
from sourcing.normalise.forms import FORMS, odd_ones
from sourcing.source import Record

NUMBERS = st.sampled_from(
    ["90000010000017", "900 000 100 00017", "990001000019", "9900010", "900000100", "FR66900000100",
     "90000010000018", "9.0E+13", "", "néant", "[ND]", "12"],
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "56100", "1150", "LORIENT CEDEX", "Lorient", "56121", "2a004", "0297000001",
         "contact@exemple.fr", "www.exemple.fr", "https://exemple.fr/a-b/", "http://a.b/?x=1",
         "javascript:x", "81.30Z", "8130z", "31/12/2026", "2026-08-31T00:00:00", "30/02/2026",
         "<b>A</b> &amp; B", "-", "224500,5", "6763000", "47.75", "-3.37", "0", "exact", "33"]
    ),
    st.text(max_size=12),
)  # fmt: skip
LISTS = st.lists(TEXTS, max_size=3).map(tuple)
DEGREES = st.one_of(st.none(), st.sampled_from([-3.37, 47.75, 0.0, 200.0]))
KINDS: dict[str, Any] = {
    "siret": NUMBERS, "siren": NUMBERS, "lon": DEGREES, "lat": DEGREES,
    "is_qpv": st.sampled_from([None, True, False]), "level": st.sampled_from(["siret", "siren"]),
    **dict.fromkeys(("other_names", "statuses", "sectors"), LISTS),
}  # fmt: skip
RECORDS = st.builds(Record, **{f.name: KINDS.get(f.name, TEXTS) for f in fields(Record)})


@pytest.mark.parametrize("cleaner", list(FORMS), ids=lambda cleaner: cleaner.__name__)
@given(
    texts=st.one_of(
        st.lists(st.one_of(TEXTS, NUMBERS, st.from_regex(r"[\w .&-]{1,9}"))),
        st.lists(st.from_regex(r"https://ab\.fr/[a-z/:?é]{0,4}(https://ab\.fr/)?")),
    )
)
@settings(max_examples=60, deadline=None)
def test_what_is_not_found_odd_is_what_its_cleaner_gives(
    cleaner: Callable[[str], str], texts: list[str]
) -> None:
    for text in set(texts) - odd_ones(cleaner, texts):
        assert cleaner(text) == text


@given(st.lists(st.lists(RECORDS, max_size=6), max_size=3))
@settings(max_examples=60, deadline=None)
def test_columns_and_records_are_cleaned_alike(batches: list[list[Record]]) -> None:
    cleaning = Cleaning()
    for records in batches:
        values = {f: [getattr(record, f) for record in records] for f in DEFAULTS}
        columns = {f: v for f, v in values.items() if any(x != DEFAULTS[f] for x in v)}
        cleaned = cleaning.clean(columns, len(records))
        done, problems = cleaned.columns, cleaned.problems()
        for place, record in enumerate(records):
            wanted, said = clean(record)
            found = {f: column(done, f, len(records))[place] for f in DEFAULTS}
            # A metric position is spent once it is one in degrees.
            assert replace(Record(**found), x="", y="") == replace(wanted, x="", y="")
            assert problems.get(place, []) == said
