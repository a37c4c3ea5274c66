"""What a reader gives in tables is what it gives row by row; what a source reads of them too."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import load_all, readers
from connectors.readers import text
from sourcing.ingest.lines import FIELDS
from sourcing.ingest.lines import of_table as parsed_table
from sourcing.mapping import Mapping, of_table, propose
from sourcing.source import Fields, Reading, Record, Row, Table
from tests.connectors.test_contract import SAMPLES

HEADER = "Nom,Siret,Ville,Note"
ODD = (
    "", ",,,", '"deux\nlignes",1,Lorient,x', '"ouvert,2,Lorient,x', "Total,3,,", HEADER,
    "court,4", "long,5,Lorient,x,y,z", "A,A,A,A", "Source : nous,,,", '"a ""b"" c",6,Brest,',
)  # fmt: skip


def rows(path: Path) -> list[Row]:
    return list(readers.read(path))


@pytest.mark.parametrize("size", [40, 200, 1_000])
def test_where_blocks_end_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    draw = random.Random(size)
    lines = [HEADER, *(f"Nom {i},{i},Lorient,{'x' * (i % 9)}" for i in range(60))]
    for number in range(400):
        plain = f'Nom {number},{number},"Quimper, centre",'
        lines.append(draw.choice(ODD) if draw.random() < 0.05 else plain)
    path = tmp_path / "liste.csv"
    path.write_text("\n".join(lines))
    whole = rows(path)
    monkeypatch.setattr(text, "CHUNK", size)
    reading = readers.read(path)
    assert isinstance(reading, Reading)
    assert any(isinstance(part, Table) for part in reading.parts)
    assert rows(path) == whole


def test_a_no_is_read_as_a_no_where_nobody_says_yes() -> None:
    given = {"Raison sociale": ["A", "B"], "is_qpv": ["Non", "Non"]}
    lines = parsed_table(Table("f", [2, 3], given), load_all()["marche_inclusion"].parse)
    assert lines.at([0, 1])["is_qpv"] == [False, False]


def as_table(found: list[Row]) -> Table:
    columns = {c: [row.values.get(c, "") for row in found] for c in found[0].values}
    return Table("f", [row.line for row in found], columns)


CELLS = [
    cell.becomes
    for source in load_all().values()
    if isinstance(source.parse, Fields)
    for cell in (source.parse.keeps, *source.parse.cells.values())
    if cell and cell.becomes and not cell.refuses
]
NEARLY = st.sampled_from(["[", "[1]", '["a"]', '[{"name": 1}]', "[" * 10_000, '{"a"'])


@given(st.one_of(st.text(), NEARLY))
def test_what_does_not_say_that_it_refuses_takes_any_text(text: str) -> None:
    for becomes in CELLS:
        becomes(text)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_table_is_parsed_as_its_rows(path: Path) -> None:
    source = load_all()[path.name.split("__")[0]]
    assert source.read
    found = list(source.read(path))
    parse = source.parse or propose(found).mapping
    if isinstance(parse, Fields):
        columns, out, refused = parse.of_table(as_table(found), FIELDS)
    elif isinstance(parse, Mapping):
        columns, out, refused = of_table(parse, as_table(found))
    else:
        return
    for place, row in enumerate(as_table(found).rows()):
        if place in refused or place in out:
            assert place in refused or parse(row) is None
            continue
        assert Record(**{name: values[place] for name, values in columns.items()}) == parse(row)
