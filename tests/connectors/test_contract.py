"""What holds for every list: its samples are recognised, read whole, and nothing is left over."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import load_all
from sourcing.ingest.recognise import leftover, recognise
from sourcing.normalise import clean, is_siret
from sourcing.source import Row, SourceChanged
from tests.conftest import shared

SOURCES = load_all()
LISTS = {name: source for name, source in SOURCES.items() if source.kind == "list"}
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*__*"))
# Lists of unknown columns have no parse of their own: test_innovation.py.
PARSED = [p for p in SAMPLES if LISTS[p.name.split("__")[0]].parse]
KNOWN = {
    "le-marche": "marche_inclusion",
    "idem with ?tender=": "marche_inclusion",
    "GESAT": "esat_gesat",
    "Hosmoz": "esat_gesat",
    "Handeco XML": "esat_gesat",
    "ASP": "esat_gesat",
    "SEP /": "esat_gesat",
    "FINESS": "esat_gesat",
    "ESUS": "esus",
    "data.inclusion": "data_inclusion",
}


def published() -> Iterator[tuple[str, str, list[str]]]:
    """(source, title, headers) of each known list that is one of our sources'."""
    known = shared("data/sources/esat_gesat/known_headers.json")
    for title, headers in json.loads(known.read_text("utf-8")).items():
        for start, source in KNOWN.items():
            if title.startswith(start):
                yield source, title, [h.split("*")[0] for h in headers]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_source_says_who_publishes_it_and_under_which_licence(name: str) -> None:
    source = SOURCES[name]
    assert source.name == name
    assert source.title and source.publisher and source.licence
    assert source.url.startswith("https://")


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_has_a_sample(name: str) -> None:
    assert any(p.name.startswith(f"{name}__") for p in SAMPLES)


@pytest.mark.parametrize("path", PARSED, ids=lambda p: p.name)
def test_every_row_of_a_sample_becomes_a_clean_record_or_is_out_of_scope(path: Path) -> None:
    source = LISTS[path.name.split("__")[0]]
    assert source.read and source.parse
    rows = list(source.read(path))
    shape = recognise(source, rows)
    records = [record for row in rows if (record := source.parse(row))]
    assert records
    assert leftover(rows, shape) == []
    for record in records:
        cleaned, problems = clean(record)
        assert cleaned.name or cleaned.siret or cleaned.siren
        assert is_siret(cleaned.siret) or not record.siret, problems
        assert cleaned.siren or cleaned.level == "siret", problems
        assert cleaned.statuses


@pytest.mark.parametrize("name", sorted(n for n, s in LISTS.items() if s.shapes))
def test_every_shape_has_a_sample(name: str) -> None:
    source = LISTS[name]
    assert source.read is not None
    samples = [list(source.read(p)) for p in SAMPLES if p.name.startswith(f"{name}__")]
    assert {recognise(source, rows).name for rows in samples} == {s.name for s in source.shapes}


def test_every_published_header_set_is_recognised() -> None:
    for name, title, headers in published():
        cut = [h for h in headers if ("/" not in h or "Lieudit" in h) and h != "(A)"]
        shape = recognise(LISTS[name], [Row("file", 1, dict.fromkeys(cut, ""))])
        assert shape.columns <= set(headers), title


def test_a_missing_column_is_named_with_the_nearest_header() -> None:
    columns = ["name", "slug", "siret", "kind", "ville", "post_code"]
    with pytest.raises(SourceChanged, match="« city » est absente"):
        recognise(LISTS["marche_inclusion"], [Row("api.json", 1, dict.fromkeys(columns, ""))])
    columns = ["Dénomination", "Numéro de Siret", "Adresse"]
    with pytest.raises(SourceChanged, match="le plus proche est « Numéro de Siret »"):
        recognise(LISTS["esat_gesat"], [Row("asp.csv", 1, dict.fromkeys(columns, ""))])


def test_unknown_columns_are_shown_with_the_source_they_do_not_fit() -> None:
    row = Row("notes.csv", 2, {"Élève": "", "Moyenne": ""})
    with pytest.raises(SourceChanged, match=r"« Moyenne ».*aucun fichier de la source « Le Marché"):
        recognise(LISTS["marche_inclusion"], [row])
