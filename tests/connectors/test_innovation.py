"""Lists of unknown columns: understood when they can be, refused when they cannot."""

from pathlib import Path

import pytest

from connectors.innovation import SOURCE
from connectors.readers import read
from sourcing.mapping import propose
from sourcing.normalise import clean
from sourcing.source import SourceError
from tests.conftest import shared

SAMPLES = Path(__file__).parent / "samples"
REAL = "data/sources/innovation/"


def test_an_audelor_style_list_is_understood_under_its_title_rows() -> None:
    rows = list(read(SAMPLES / "innovation__audelor.csv"))
    found = propose(rows).mapping
    found.check()
    record = found.apply(rows[0])
    assert (rows[0].line, record.name) == (4, "VOILES D'ARMOR")
    assert (record.postcode, record.commune) == ("56100", "Lorient")
    assert record.sectors == ("Nautisme", "Composites")
    assert record.website == "www.voiles.example"


def test_every_line_says_innovation() -> None:
    assert SOURCE.mapped_status == "innovation" and SOURCE.kind == "list"


@pytest.mark.real
def test_the_breton_structures_are_read_with_their_positions() -> None:
    rows = list(read(shared(REAL + "bretagne_structures_innovation.geojson")))
    found = propose(rows).mapping
    records = [clean(found.apply(row))[0] for row in rows]
    assert len(records) == 174
    assert all(r.name and r.commune and r.lon and r.lat for r in records)
    assert sum(bool(r.siret) for r in records) > 100


@pytest.mark.real
def test_english_headers_and_a_city_are_enough() -> None:
    rows = list(read(shared(REAL + "french_tech_companies_no_siren.csv")))
    found = propose(rows).mapping
    found.check()
    assert found.columns == {"Company Name": "name", "Website": "website", "City": "commune"}
    assert len(rows) == 223


@pytest.mark.real
def test_names_without_any_place_are_refused_with_the_remedy() -> None:
    path = shared(REAL + "frenchtech_40_120_2023_noms_urls.csv")
    found = propose(list(read(path)))
    with pytest.raises(SourceError, match=r"aucun lieu .* « Colonne 1 », « Colonne 2 » ; ajouter"):
        found.mapping.check(path.name, seen=found.columns)
