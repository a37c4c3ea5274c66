"""The demonstration's files: true formats, plausible shares, nobody real, twice the same."""

import csv
import json
from pathlib import Path

import duckdb
import openpyxl
import pytest
from pyproj import Transformer

import demo
from connectors.decp import SOURCE
from demo import communes, names
from sourcing.normalise import is_siret
from tests.conftest import shared

SIZE = 6_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small set of files for the whole module."""
    folder = tmp_path_factory.mktemp("demo")
    demo.generate(folder, SIZE)
    demo.territory_files(folder)
    return folder


@pytest.fixture(scope="module")
def base(folder: Path) -> duckdb.DuckDBPyConnection:
    base = duckdb.connect()
    for view, file in (("e", "StockEtablissement"), ("u", "StockUniteLegale")):
        base.read_parquet(str(folder / f"{file}_utf8.parquet")).create_view(view)
    return base


def one(base: duckdb.DuckDBPyConnection, question: str) -> float:
    """The single value a query answers."""
    row = base.execute(question).fetchone()
    assert row is not None
    return float(row[0])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_stock_has_the_54_and_35_published_columns_and_their_types(
    base: duckdb.DuckDBPyConnection,
) -> None:
    described = {name: kind for name, kind, *_ in base.execute("DESCRIBE e").fetchall()}
    assert len(described) == 54
    assert list(described)[:3] == ["siren", "nic", "siret"]
    assert list(described)[-1] == "activitePrincipaleNAF25Etablissement"
    special = {name: kind for name, kind in described.items() if kind != "VARCHAR"}
    assert special == {
        "dateCreationEtablissement": "DATE",
        "anneeEffectifsEtablissement": "BIGINT",
        "dateDernierTraitementEtablissement": "TIMESTAMP",
        "etablissementSiege": "BOOLEAN",
        "nombrePeriodesEtablissement": "BIGINT",
        "dateDebut": "DATE",
    }
    assert len(base.execute("DESCRIBE u").fetchall()) == 35


def test_the_columns_are_in_the_order_of_the_reference(base: duckdb.DuckDBPyConnection) -> None:
    text = (shared("reference/sirene.md")).read_text(encoding="utf-8")
    listed = text[text.index("`siren, statutDiffusionUniteLegale") + 1 :].split("`")[0]
    assert [row[0] for row in base.execute("DESCRIBE u").fetchall()] == listed.split(", ")


def test_there_are_as_many_establishments_as_asked_each_with_its_unit_and_a_valid_siret(
    base: duckdb.DuckDBPyConnection,
) -> None:
    sirets = [row[0] for row in base.execute("SELECT siret FROM e").fetchall()]
    assert len(sirets) == len(set(sirets)) == SIZE
    assert [siret for siret in sirets if not is_siret(siret)] == []
    assert one(base, "SELECT count(*) FROM e ANTI JOIN u USING (siren)") == 0
    heads = "SELECT count(*) FROM u SEMI JOIN e ON e.siret = u.siren || u.nicSiegeUniteLegale"
    assert one(base, heads) == one(base, "SELECT count(*) FROM u")


def test_every_commune_is_real_and_its_postcode_its_own(base: duckdb.DuckDBPyConnection) -> None:
    known = {c.code: c for c in communes.communes()}
    found = base.execute(
        "SELECT DISTINCT codeCommuneEtablissement, codePostalEtablissement FROM e "
        "WHERE statutDiffusionEtablissement = 'O'"
    ).fetchall()
    assert all(postcode in known[code].postcodes for code, postcode in found)
    assert {c.code for c in known.values() if c.is_local} <= {code for code, _ in found}


def test_nearly_nine_establishments_in_ten_are_in_the_territory(
    base: duckdb.DuckDBPyConnection,
) -> None:
    local = tuple(c.code for c in communes.communes() if c.is_local)
    assert len(local) == 25
    part = one(base, f"SELECT avg((codeCommuneEtablissement IN {local})::INT) FROM e")
    assert 0.85 < part < 0.91


@pytest.mark.parametrize(
    ("table", "condition", "low", "high"),
    [
        ("e", "etatAdministratifEtablissement = 'F'", 0.27, 0.33),
        ("e", "statutDiffusionEtablissement = 'P'", 0.11, 0.15),
        ("e", "trancheEffectifsEtablissement = 'NN'", 0.65, 0.82),
        ("u", "categorieJuridiqueUniteLegale = '1000'", 0.38, 0.56),
        ("u", "categorieJuridiqueUniteLegale = '6540'", 0.06, 0.12),
        ("u", "categorieJuridiqueUniteLegale = '9220'", 0.08, 0.14),
        ("u", "activitePrincipaleUniteLegale = '68.20B'", 0.07, 0.14),
        ("u", "societeMissionUniteLegale = 'O'", 0.0001, 0.01),
    ],
)
def test_shares_are_those_of_a_real_register(
    base: duckdb.DuckDBPyConnection, table: str, condition: str, low: float, high: float
) -> None:
    assert low < one(base, f"SELECT avg(coalesce({condition}, false)::INT) FROM {table}") < high


def test_eight_units_in_a_hundred_have_several_establishments(
    base: duckdb.DuckDBPyConnection,
) -> None:
    many = "SELECT avg((n > 1)::INT) FROM (SELECT count(*) AS n FROM e GROUP BY siren)"
    assert 0.07 < one(base, many) < 0.09


def test_a_masked_establishment_shows_its_commune_and_nothing_nearer(
    base: duckdb.DuckDBPyConnection,
) -> None:
    hidden = ("codePostal", "numeroVoie", "libelleVoie", "identifiantAdresse", "typeVoie",
              "coordonneeLambertAbscisse", "coordonneeLambertOrdonnee")  # fmt: skip
    for column in hidden:
        shown = f"SELECT count(*) FILTER ({column}Etablissement IS DISTINCT FROM '[ND]') FROM e"
        assert one(base, f"{shown} WHERE statutDiffusionEtablissement = 'P'") == 0
    assert one(base, "SELECT count(*) FROM e WHERE codeCommuneEtablissement = '[ND]'") == 0


def test_a_masked_sole_trader_has_no_name(base: duckdb.DuckDBPyConnection) -> None:
    masked = "statutDiffusionUniteLegale = 'P' AND categorieJuridiqueUniteLegale = '1000'"
    named = one(base, f"SELECT count(*) FROM u WHERE {masked} AND nomUniteLegale <> '[ND]'")
    assert named == 0 < one(base, f"SELECT count(*) FROM u WHERE {masked}")
    shown = f"{masked} AND enseigne1Etablissement <> '[ND]'"
    assert one(base, f"SELECT count(*) FROM e JOIN u USING (siren) WHERE {shown}") == 0


def test_every_sub_segment_has_an_open_supplier(base: duckdb.DuckDBPyConnection) -> None:
    nafs = {
        row[0]
        for row in base.execute(
            "SELECT DISTINCT activitePrincipaleEtablissement FROM e "
            "WHERE etatAdministratifEtablissement = 'A'"
        ).fetchall()
    }
    segments = rows(Path(demo.__file__).parents[1] / "sourcing/data/segments.csv")
    without = [s["code"] for s in segments if not nafs & set(s["naf_codes"].split(";"))]
    assert without == []


def test_the_same_seed_writes_the_same_files_and_another_one_others(
    folder: Path, tmp_path: Path
) -> None:
    again, other = (demo.generate(tmp_path / str(seed), SIZE, seed=seed) for seed in (56, 57))
    for source in ("marche_inclusion", "esat_gesat"):
        for path in again[source]:
            assert path.read_bytes() == (folder / path.name).read_bytes()
            assert path.read_bytes() != (tmp_path / "57" / path.name).read_bytes()
    read = [duckdb.read_parquet(str(p)).fetchall() for p in (*again["sirene"], *other["sirene"])]
    first = [duckdb.read_parquet(str(folder / p.name)).fetchall() for p in again["sirene"]]
    assert read[:2] == first != read[2:]


def test_every_file_says_that_it_is_invented(folder: Path) -> None:
    assert "DONNÉES FICTIVES" in (folder / "LISEZMOI.txt").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(folder / "entreprises_innovantes_audelor.xlsx")
    assert book.sheetnames == ["Données fictives"]
    former = rows(folder / "liste_structures_2026-06-15.csv")
    assert all(row["Slug"].startswith("fictif-") for row in former)


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("liste_structures_2026-06-15.csv", "le-marche search export 2025-02-20 .. 2026-07-03"),
        ("liste_structures_2026-09-01.csv", "le-marche search export since 2026-07-03"),
        ("export_hosmoz_2025.csv", "Hosmoz (ex-GESAT) 2025 export"),
    ],
)
def test_a_list_has_the_published_header(folder: Path, file: str, title: str) -> None:
    known = json.loads(shared("data/sources/esat_gesat/known_headers.json").read_text("utf-8"))
    header = next(columns for name, columns in known.items() if name.startswith(title))
    assert list(rows(folder / file)[0]) == header


def test_listed_structures_are_in_the_register_under_a_name_that_differs_now_and_then(
    folder: Path, base: duckdb.DuckDBPyConnection
) -> None:
    registered = dict(
        base.execute("SELECT siret, denominationUniteLegale FROM e JOIN u USING (siren)").fetchall()
    )
    former = rows(folder / "liste_structures_2026-06-15.csv")
    assert {row["Siret"] for row in former} <= set(registered)
    same = sum(registered[row["Siret"]] == row["Raison sociale"] for row in former)
    assert same < len(former) * 0.7


def test_a_marche_export_holds_buyers_twice_listed_and_two_sites_of_one_firm(folder: Path) -> None:
    sirets = [row["Siret"] for row in rows(folder / "liste_structures_2026-06-15.csv")]
    sirens = {siret[:9] for siret in sirets}
    assert len(sirets) > len(set(sirets)) > len(sirens)
    assert any(siren.startswith("2") for siren in sirens)


def test_hosmoz_loses_leading_zeros_and_writes_spaces(folder: Path) -> None:
    sirets = [row["Siret"] or row["Siret 2"] for row in rows(folder / "export_hosmoz_2025.csv")]
    assert any(len(siret) == 13 and is_siret("0" + siret) for siret in sirets)
    assert any(" " in siret for siret in sirets)


def test_lists_grow_with_the_square_root_of_the_register(tmp_path: Path) -> None:
    sizes = [
        len(rows(demo.generate(tmp_path / str(n), n)["marche_inclusion"][0]))
        for n in (5_000, 20_000)
    ]
    assert 1.6 < sizes[1] / sizes[0] < 2.4
    assert 50 < sizes[1] < 75


def test_the_territory_file_has_the_25_communes_and_their_neighbours(folder: Path) -> None:
    found = rows(folder / communes.TERRITORY_FILE)
    local = [row for row in found if row["epci"] == communes.LORIENT_EPCI]
    real = shared("data/territory/lorient_agglomeration_communes_2026.csv")
    facts = {r["code_insee"]: (r["nom"], r["population"]) for r in rows(real)}
    assert {row["code_insee"]: (row["nom"], row["population"]) for row in local} == facts
    assert len(found) - len(local) > 40


def test_lambert_93_is_that_of_the_ign() -> None:
    there = Transformer.from_crs(4326, 2154, always_xy=True).transform(-3.3661, 47.7483)
    assert communes.lambert_93(-3.3661, 47.7483) == pytest.approx(there, abs=0.01)


def test_a_person_is_made_of_invented_words() -> None:
    assert len(names.surnames()) > 500
    assert names.as_registered("Les Hérons du Cœur") == "LES HERONS DU COEUR"


def test_too_small_a_register_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Il faut au moins"):
        demo.generate(tmp_path, 100)


def test_the_contracts_are_in_the_consolidated_tables_columns_and_won_by_the_cast(
    folder: Path, base: duckdb.DuckDBPyConnection
) -> None:
    lines = rows(folder / "decp.csv")
    (shape,) = SOURCE.shapes
    assert shape.columns <= set(lines[0]) <= shape.columns | shape.optional
    known = {row[0] for row in base.execute("SELECT siret FROM e").fetchall()}
    assert len(lines) > 30 and {line["titulaire_id"] for line in lines} <= known
    assert all(is_siret(line["acheteur_id"]) and "FICTI" in line["acheteur_nom"] for line in lines)
    current = [line["uid"] for line in lines if line["donneesActuelles"] == "true"]
    assert len(current) == len(set(current)) < len(lines)
