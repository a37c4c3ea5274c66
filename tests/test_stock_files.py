"""Files that cannot be used are refused whole, in one French sentence."""

import zipfile
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from sourcing.source import SourceChanged, SourceError
from tests.sirene_base import load
from tests.sirene_files import (
    ESTABLISHMENT_54,
    LEGAL_UNIT_35,
    establishment,
    legal_unit,
    stock,
    write_csv,
    write_parquet,
)

# --- files that cannot be used ---


def test_establishments_alone_ask_for_their_legal_units(session: Session, tmp_path: Path) -> None:
    files = stock(tmp_path, [establishment(1)], [legal_unit(1)])
    with pytest.raises(SourceError, match="StockUniteLegale"):
        load(session, files[:1])
    with pytest.raises(SourceError, match="StockEtablissement"):
        load(session, files[1:])


def test_a_missing_column_is_named(session: Session, tmp_path: Path) -> None:
    columns = [c for c in ESTABLISHMENT_54 if c != "codeCommuneEtablissement"]
    file = write_csv(tmp_path / "etab.csv", columns, [establishment(1)])
    with pytest.raises(SourceChanged, match=r"etab\.csv.*« codeCommuneEtablissement »"):
        load(session, [file])


def half(path: Path) -> bytes:
    return path.read_bytes()[: path.stat().st_size // 2]


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
        archive.write(path, path.name)
    return path.with_suffix(".zip")


@pytest.mark.parametrize(("name", "content", "message"), [
    ("a.csv", b"", "vide"),
    ("a.csv", b"\x00\x01\x02\xff" * 999, "fichier texte"),
    ("a.csv", b"bonjour\n\n", "non reconnues"),
    ("a.csv", b"<!DOCTYPE html><html><body>Erreur</body></html>\n", "non reconnues"),
    ("a.csv", b"x" * 3_000_000, "million de caract"),
    ("a.parquet", b"PAR1garbage", "parquet tronqu"),
    ("a.zip", b"PK\x03\x04garbage", "archive zip"),
    ("a.json", b'{"etablissements": [', "JSON illisible"),
    ("a.json", b'{"header": {"statut": 404, "message": "Aucun"}}', "erreur, « Aucun »"),
    ("a.json", b'{"results": []}', "API Sirene"),
    ("a.json", b'{"etablissements": []}', "aucune ligne"),
    ("absent.csv", None, "introuvable"),
])  # fmt: skip
def test_a_wrong_file_is_one_french_sentence(
    session: Session, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message) as error:
        load(session, [tmp_path / name])
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(name)


def test_truncated_archives_are_refused(session: Session, tmp_path: Path) -> None:
    files = stock(tmp_path, [establishment(n) for n in range(1, 500)], [legal_unit(1)])
    parquet = write_parquet(tmp_path / "e.parquet", LEGAL_UNIT_35, [legal_unit(1)])
    for whole in (zipped(files[0]), parquet):
        cut = tmp_path / f"coupe{whole.suffix}"
        cut.write_bytes(half(whole))
        with pytest.raises(SourceError, match="télécharger à nouveau"):
            load(session, [cut, files[1]])


def test_a_file_of_nothing_but_bad_lines_is_refused(session: Session, tmp_path: Path) -> None:
    files = stock(tmp_path, [establishment(1) | {"siret": "x"}], [legal_unit(1)])
    with pytest.raises(SourceError, match="aucune ligne utilisable"):
        load(session, files)


def test_a_quote_never_closed_is_refused_rather_than_swallowing_lines(
    session: Session, tmp_path: Path
) -> None:
    files = stock(tmp_path, [establishment(n) for n in range(9)], [legal_unit(1)])
    lines = files[0].read_text().splitlines()
    lines[3] = lines[3].replace("DU PORT", '"DU PORT')
    files[0].write_text("\n".join(lines).replace(',"DU PORT', ',"DU PORT') + "\n")
    with pytest.raises(SourceError, match="ligne 4 : un guillemet"):
        load(session, files)
