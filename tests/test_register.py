"""Stock files become suppliers: what is kept, what is counted, what is masked, where it is placed."""

import math
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sirene import SOURCE
from sourcing.model import OldPlace, Place, Reject, Run, Supplier
from sourcing.register import ingest_register
from sourcing.source import SourceChanged, SourceError
from tests.conftest import shared
from tests.sirene_files import (
    ESTABLISHMENT_48,
    ESTABLISHMENT_54,
    GEOLOCATION_17,
    GEOLOCATION_19,
    LEGAL_UNIT_35,
    establishment,
    legal_unit,
    masked,
    person,
    siret,
    stock,
    write_csv,
    write_parquet,
)

LORIENT = (-3.3664, 47.7486)
# Lambert 93 of a point of Lorient, and the point itself (pyproj).
LAMBERT = ("222972.0", "6759250.0")


@pytest.fixture(autouse=True)
def territory(session: Session) -> None:
    """Lorient is ours, Quimperlé 20 km away, Rennes far; two communes are gone."""
    for code, name, lon, lat, ours in (
        ("56121", "Lorient", *LORIENT, True),
        ("29233", "Quimperlé", -3.5502, 47.8712, False),
        ("35238", "Rennes", -1.6800, 48.1120, False),
        ("75056", "Paris", 2.3500, 48.8566, False),
    ):
        session.add(Place(code=code, name=name, name_key=name.upper(), lon=lon, lat=lat,
                          in_territory=ours))  # fmt: skip
    session.flush()
    session.add(OldPlace(code="56999", name_key="KERMERGED", today="56121"))
    session.flush()


def load(session: Session, files: Sequence[Path], day: int = 1, **options: Any) -> Run:
    run = Run(source="sirene", files=[], started_at=datetime(2026, 9, day), leftover=[])
    session.add(run)
    session.flush()
    ingest_register(session, SOURCE, files, run=run, **options)
    session.flush()
    session.expire_all()
    left = run.kept + run.outside + run.unplaced + run.out_of_scope + run.repeated + run.rejected
    assert run.rows == left
    return run


def supplier(session: Session, number: int, nic: int = 1) -> Supplier:
    return session.scalars(select(Supplier).where(Supplier.siret == siret(number, nic))).one()


def one(session: Session, tmp_path: Path, row: dict[str, str], unit: dict[str, str]) -> Supplier:
    load(session, stock(tmp_path, [row], [unit]))
    return session.scalars(select(Supplier)).one()


def geolocation(path: Path, *rows: dict[str, str], columns: Sequence[str] = GEOLOCATION_19) -> Path:
    return write_csv(path / "Geolocalisation.csv", columns, rows, delimiter=";")


def distance_m(found: Supplier, lon: float, lat: float) -> float:
    assert found.lon is not None and found.lat is not None
    return math.hypot((found.lon - lon) * 75_000, (found.lat - lat) * 111_000)


# --- what is read ---

def test_an_establishment_takes_its_name_from_its_legal_unit(session: Session, tmp_path: Path) -> None:
    found = one(session, tmp_path, establishment(1), legal_unit(1, denomination="JARDINS FICTIFS"))
    assert (found.uid, found.siren, found.origin) == (siret(1), siret(1)[:9], "register")
    assert (found.name, found.legal_name, found.other_names) == ("JARDINS FICTIFS",) * 2 + ("",)
    assert (found.address, found.postcode, found.commune) == ("12 RUE DU PORT", "56100", "Lorient")
    assert (found.naf, found.legal_form, found.size_code, found.category) == (
        "81.30Z", "5499", "03", "PME")  # fmt: skip
    assert (found.state, found.created_on, found.is_head_office) == ("A", date(2010, 3, 2), True)
    assert (found.is_ess, found.is_mission, found.is_qpv) == (False, None, None)


def test_parquet_zip_old_layout_and_any_order_say_the_same(session: Session, tmp_path: Path) -> None:
    rows, units = [establishment(1)], [legal_unit(1)]
    plain = stock(tmp_path, rows, units)
    packed = tmp_path / "stock.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in plain:
            archive.write(file, file.name)
    parquet = [write_parquet(tmp_path / "ul.parquet", LEGAL_UNIT_35, units),
               write_parquet(tmp_path / "etab.parquet", ESTABLISHMENT_54, rows)]  # fmt: skip
    old = [write_csv(tmp_path / "etab48.csv", ESTABLISHMENT_48, rows, delimiter=";"), plain[1]]
    seen = set()
    for files in (plain, plain[::-1], [packed], parquet, old):
        assert load(session, files).kept == 1
        found = supplier(session, 1)
        seen.add((found.name, found.address, found.is_head_office, found.created_on, found.naf))
    assert len(seen) == 1


def test_encodings_backslashes_and_quotes_keep_their_letters(session: Session, tmp_path: Path) -> None:
    row = establishment(1, enseigne1='L\'ÉTÉ "FOU", SUITE\\', libelleVoie="DES\\, ŒILLETS")
    units = write_csv(tmp_path / "ul.csv", LEGAL_UNIT_35, [legal_unit(1)])
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        load(session, [write_csv(tmp_path / "e.csv", ESTABLISHMENT_54, [row], encoding=encoding), units])
        found = supplier(session, 1)
        assert found.name == 'L\'ÉTÉ "FOU", SUITE\\', encoding
        assert found.address == "12 RUE DES\\, ŒILLETS", encoding


def test_zeros_and_spaces_lost_by_a_spreadsheet_come_back(session: Session, tmp_path: Path) -> None:
    # SIREN 005580121 is valid: 12 digits are left of its SIRET once the zeros are gone.
    row = establishment(1) | {"siret": "5580121 00012 ", "siren": "5580121"}
    unit = legal_unit(1) | {"siren": "5580121"}
    load(session, stock(tmp_path, [row | {"siret": _siret_of("005580121")[2:]}], [unit]))
    assert session.scalars(select(Supplier.name)).all() == ["FIRME 1"]


def _siret_of(siren: str) -> str:
    total = {str(k): f"{siren}0001{k}" for k in range(10)}
    return next(s for s in total.values() if _luhn(s))


def _luhn(digits: str) -> bool:
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


# --- what is kept ---

def test_only_the_territory_and_its_surroundings_are_kept(session: Session, tmp_path: Path) -> None:
    rows = [establishment(n, codeCommune=code) for n, code in
            enumerate(("56121", "29233", "35238", "00000", ""), 1)]  # fmt: skip
    files = stock(tmp_path, rows, [legal_unit(n) for n in range(1, 6)])
    run = load(session, files)
    assert (run.rows, run.kept, run.outside, run.unplaced) == (5, 2, 1, 2)
    assert load(session, files, margin_km=5).kept == 1
    assert load(session, files, everywhere=True).kept == 5


def test_parquet_counts_what_it_leaves_out(session: Session, tmp_path: Path) -> None:
    rows = [establishment(n, codeCommune=c) for n, c in enumerate(("56121", "35238", ""), 1)]
    run = load(session, [write_parquet(tmp_path / "e.parquet", ESTABLISHMENT_54, rows),
                         write_parquet(tmp_path / "u.parquet", LEGAL_UNIT_35, [legal_unit(1)])])
    assert (run.rows, run.kept, run.outside, run.unplaced) == (3, 1, 1, 1)


def test_old_codes_and_arrondissements_are_todays_communes(session: Session, tmp_path: Path) -> None:
    rows = [establishment(1, codeCommune="56999"), establishment(2, codeCommune="75102")]
    load(session, stock(tmp_path, rows, [legal_unit(1), legal_unit(2)]), everywhere=True)
    assert (supplier(session, 1).commune_code, supplier(session, 1).commune) == ("56121", "Lorient")
    assert supplier(session, 2).commune_code == "75056"


def test_without_a_territory_nothing_is_kept_by_chance(session: Session, tmp_path: Path) -> None:
    session.query(Place).update({"in_territory": False})
    with pytest.raises(SourceError, match="territoire"):
        load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))


def test_lines_that_cannot_be_used_are_kept_with_their_number(session: Session, tmp_path: Path) -> None:
    files = stock(tmp_path, [establishment(n) for n in (1, 2, 3)], [legal_unit(1), legal_unit(3)])
    lines = files[0].read_text().splitlines()
    broken = [lines[0], lines[1], "trop,court", lines[2].replace(siret(2), "7.9E+13"), lines[3]]
    files[0].write_text("\n".join(broken) + "\n")
    run = load(session, files)
    assert (run.rows, run.kept, run.rejected) == (4, 2, 2)
    rejects = session.scalars(select(Reject).where(Reject.run_id == run.id).order_by(Reject.line))
    assert [(r.file, r.line) for r in rejects] == [(files[0].name, 3), (files[0].name, 4)]


@pytest.mark.parametrize("bad", ["", "00000000000000", "12345678901234", "ABC"])
def test_a_siret_without_its_key_is_refused(session: Session, tmp_path: Path, bad: str) -> None:
    rows = [establishment(1), establishment(2) | {"siret": bad}]
    run = load(session, stock(tmp_path, rows, [legal_unit(1)]))
    assert (run.kept, run.rejected) == (1, 1)
    assert session.scalars(select(Reject.line)).one() == 3


def test_la_poste_has_its_own_key(session: Session, tmp_path: Path) -> None:
    row = establishment(1) | {"siret": "35600000000048", "siren": "356000000"}
    assert load(session, stock(tmp_path, [row], [legal_unit(1)])).kept == 1


def test_the_same_siret_twice_counts_once_and_the_last_file_wins(session: Session, tmp_path: Path) -> None:
    first = write_csv(tmp_path / "a.csv", ESTABLISHMENT_54, [establishment(1), establishment(1)])
    last = write_csv(tmp_path / "b.csv", ESTABLISHMENT_54, [establishment(1, enseigne1="NOUVEAU")])
    units = write_csv(tmp_path / "u.csv", LEGAL_UNIT_35, [legal_unit(1), legal_unit(1)])
    for options in ({}, {"everywhere": True}):
        run = load(session, [first, last, units], **options)
        assert (run.rows, run.kept, run.repeated) == (3, 1, 2)
        assert supplier(session, 1).name == "NOUVEAU"


def test_columns_nobody_knows_are_reported(session: Session, tmp_path: Path) -> None:
    rows = [establishment(1) | {"nouveaute2027": "x"}]
    files = [write_csv(tmp_path / "e.csv", [*ESTABLISHMENT_54, "nouveaute2027"], rows),
             write_csv(tmp_path / "u.csv", LEGAL_UNIT_35, [legal_unit(1)])]  # fmt: skip
    assert load(session, files).leftover == ["nouveaute2027"]


# --- loading again ---

def test_loading_again_updates_in_place(session: Session, tmp_path: Path) -> None:
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))
    before = supplier(session, 1)
    before.phone = "+33297000000"
    kept = (before.id, before.uid, before.phone, before.first_seen)
    session.flush()
    load(session, stock(tmp_path, [establishment(1, etatAdministratif="F")], [legal_unit(1)]), day=9)
    after = supplier(session, 1)
    assert (after.id, after.uid, after.phone, after.first_seen) == kept
    assert (after.state, after.closed_on, after.last_seen) == ("F", date(2015, 4, 1), date(2026, 9, 9))


def test_a_list_made_supplier_becomes_the_registers(session: Session, tmp_path: Path) -> None:
    today = date(2026, 1, 1)
    session.add(Supplier(uid=siret(1), siret=siret(1), name="Vu ailleurs", origin="esat_gesat",
                         first_seen=today, last_seen=today))  # fmt: skip
    session.flush()
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))
    found = supplier(session, 1)
    assert (found.origin, found.name, found.first_seen) == ("register", "FIRME 1", today)


def test_a_later_file_says_less_without_erasing(session: Session, tmp_path: Path) -> None:
    files = stock(tmp_path, [establishment(1)], [legal_unit(1, societeMission="O")])
    where = {"siret": siret(1), "qualite_xy": "11", "plg_qp24": "QN05601M",
             "x_longitude": "-3.36", "y_latitude": "47.75"}  # fmt: skip
    load(session, [*files, geolocation(tmp_path, where)])
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))
    found = supplier(session, 1)
    assert (found.precision, found.lon, found.is_qpv, found.is_mission) == ("exact", -3.36, True, True)
    load(session, stock(tmp_path, [masked(establishment(1))], [person(1, statutDiffusion="P")]))
    found = supplier(session, 1)
    assert (found.precision, found.lon, found.is_qpv) == ("commune", LORIENT[0], None)


def test_progress_goes_from_nothing_to_all(session: Session, tmp_path: Path) -> None:
    seen: list[float] = []
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


# --- names and masks ---

def test_the_sign_over_the_door_comes_first(session: Session, tmp_path: Path) -> None:
    row = establishment(1, enseigne1="AU VERGER", enseigne2="LE POTAGER", denominationUsuelle="VERGER")
    found = one(session, tmp_path, row, legal_unit(1, denomination="SCIC FICTIVE", sigle="SF"))
    assert (found.name, found.legal_name) == ("AU VERGER", "SCIC FICTIVE")
    assert found.other_names == "VERGER | SF | LE POTAGER"


@pytest.mark.parametrize(("row", "unit", "name"), [
    ({}, {}, "ANNE KERFICTIF"),
    ({}, {"nomUsage": "LEFAUX"}, "ANNE LEFAUX"),
    ({"enseigne1": "FLEURS D'ICI"}, {}, "FLEURS D'ICI"),
    ({"denominationUsuelle": "ANNE FLEURS"}, {}, "ANNE FLEURS"),
])  # fmt: skip
def test_a_public_sole_trader_has_a_name(
    session: Session, tmp_path: Path, row: dict[str, str], unit: dict[str, str], name: str
) -> None:
    found = one(session, tmp_path, establishment(1, **row), person(1, **unit))
    assert (found.name, found.is_person, found.diffusion) == (name, True, "O")


HIDDEN = dict.fromkeys(("nom", "prenom1", "prenomUsuel", "denomination"), "[ND]")


@pytest.mark.parametrize("unit", [
    person(1, statutDiffusion="P", **HIDDEN),
    # The mask of either file, or of a single value, is enough.
    person(1, statutDiffusion="P"), person(1), legal_unit(2),
])  # fmt: skip
def test_a_masked_person_keeps_only_her_commune(
    session: Session, tmp_path: Path, unit: dict[str, str]
) -> None:
    where = {"siret": siret(1), "qualite_xy": "11", "x_longitude": "-3.36", "y_latitude": "47.75"}
    files = stock(tmp_path, [masked(establishment(1, enseigne2="CHEZ ANNE"))], [unit])
    load(session, [*files, geolocation(tmp_path, where)])
    found = supplier(session, 1)
    assert (found.name, found.legal_name, found.other_names) == ("[Non diffusible]", "", "")
    assert (found.address, found.postcode, found.commune, found.diffusion) == ("", "", "Lorient", "P")
    assert (found.precision, found.lon, found.lat) == ("commune", *LORIENT)


def test_a_masked_company_keeps_its_name_and_loses_its_address(session: Session, tmp_path: Path) -> None:
    row = masked(establishment(1)) | {"enseigne1Etablissement": "ATELIER"}
    unit = legal_unit(1, statutDiffusion="P", denomination="SARL FICTIVE", sigle="[ND]")
    found = one(session, tmp_path, row | {"denominationUsuelleEtablissement": ""}, unit)
    assert (found.name, found.legal_name, found.other_names) == ("ATELIER", "SARL FICTIVE", "")
    assert (found.address, found.postcode, found.precision) == ("", "", "commune")


def test_an_unmarked_mask_is_a_mask(session: Session, tmp_path: Path) -> None:
    row = masked(establishment(1)) | {"statutDiffusionEtablissement": "O"}
    assert one(session, tmp_path, row, person(1)).diffusion == "P"


def test_a_firm_absent_from_the_legal_units_is_kept_and_said_so(session: Session, tmp_path: Path) -> None:
    found = one(session, tmp_path, establishment(1), legal_unit(2))
    assert found.name == f"Nom inconnu (SIREN {siret(1)[:9]})"


# --- facts ---

@pytest.mark.parametrize(("row", "unit", "state", "closed_on"), [
    ({"etatAdministratif": "F", "dateDebut": "2021-05-04"}, {}, "F", date(2021, 5, 4)),
    ({}, {"etatAdministratif": "C", "dateDebut": "2022-06-01"}, "F", date(2022, 6, 1)),
    ({"dateDebut": "2021-05-04"}, {}, "A", None),
    ({"etatAdministratif": "F", "dateDebut": "1900-01-01"}, {}, "F", None),
])  # fmt: skip
def test_a_closed_place_or_a_ceased_firm_is_closed(
    session: Session, tmp_path: Path, row: dict[str, str], unit: dict[str, str],
    state: str, closed_on: date | None,
) -> None:  # fmt: skip
    found = one(session, tmp_path, establishment(1, **row), legal_unit(1, **unit))
    assert (found.state, found.closed_on) == (state, closed_on)


@pytest.mark.parametrize(("given", "known"), [
    ("1900-01-01", None), ("0001-01-01", None), ("2925-01-01", None), ("1965-07-01", date(1965, 7, 1)),
])  # fmt: skip
def test_impossible_dates_are_unknown(
    session: Session, tmp_path: Path, given: str, known: date | None
) -> None:
    found = one(session, tmp_path, establishment(1, dateCreation=given), legal_unit(1))
    assert found.created_on == known


@pytest.mark.parametrize(("naf", "nomenclature", "naf25", "expected"), [
    ("81.30Z", "NAFRev2", "81.30Y", ("81.30Z", "81.30Y")),
    ("45.2A", "NAF1993", "", ("", "")),
    ("81.30Y", "NAF2025", "", ("", "81.30Y")),
    ("00.00Z", "NAFRev2", "", ("", "")),
])  # fmt: skip
def test_each_naf_code_stays_in_its_nomenclature(
    session: Session, tmp_path: Path, naf: str, nomenclature: str, naf25: str,
    expected: tuple[str, str],
) -> None:  # fmt: skip
    row = establishment(1, activitePrincipale=naf, nomenclatureActivitePrincipale=nomenclature,
                        activitePrincipaleNAF25=naf25)  # fmt: skip
    found = one(session, tmp_path, row, legal_unit(1))
    assert (found.naf, found.naf25) == expected


def test_flags_of_the_legal_unit_are_kept(session: Session, tmp_path: Path) -> None:
    unit = legal_unit(1, economieSocialeSolidaire="O", societeMission="O")
    found = one(session, tmp_path, establishment(1, etablissementSiege="false"), unit)
    assert (found.is_ess, found.is_mission, found.is_head_office) == (True, True, False)


# --- positions ---

@pytest.mark.parametrize(("quality", "lambert", "precision", "where"), [
    ("11", LAMBERT, "exact", "geolocation"), ("12", LAMBERT, "street", "geolocation"),
    ("21", LAMBERT, "exact", "lambert"), ("21", ("", ""), "street", "geolocation"),
    ("33", ("", ""), "commune", "centre"), ("33", LAMBERT, "exact", "lambert"),
    ("11", ("[ND]", "[ND]"), "commune", "centre"),
])  # fmt: skip
def test_positions_are_taken_in_order_of_trust(
    session: Session, tmp_path: Path, quality: str, lambert: tuple[str, str], precision: str, where: str
) -> None:
    row = establishment(1, coordonneeLambertAbscisse=lambert[0], coordonneeLambertOrdonnee=lambert[1])
    masks = "[ND]" in lambert
    files = stock(tmp_path, [masked(row) if masks else row], [legal_unit(1)])
    place = {"siret": siret(1), "qualite_xy": quality, "x_longitude": "-3.30", "y_latitude": "47.70"}
    load(session, [*files, geolocation(tmp_path, place)])
    found = supplier(session, 1)
    expected = {"geolocation": (-3.30, 47.70), "centre": LORIENT, "lambert": _wgs84(*LAMBERT)}[where]
    assert found.precision == precision
    assert distance_m(found, *expected) < 1


def _wgs84(x: str, y: str) -> tuple[float, float]:
    from pyproj import Transformer
    lon, lat = Transformer.from_crs(2154, 4326, always_xy=True).transform(float(x), float(y))
    return lon, lat


@pytest.mark.parametrize(("lon", "lat"), [
    ("0", "0"), ("[ND]", "[ND]"), ("2.35", "48.85"), ("47.75", "-3.36"), ("", ""),
])  # fmt: skip
def test_a_position_that_cannot_be_is_refused(
    session: Session, tmp_path: Path, lon: str, lat: str
) -> None:
    files = stock(tmp_path, [establishment(1)], [legal_unit(1)])
    place = {"siret": siret(1), "qualite_xy": "11", "x_longitude": lon, "y_latitude": lat}
    load(session, [*files, geolocation(tmp_path, place)])
    assert supplier(session, 1).precision == "commune"


def test_the_former_geolocation_layout_is_read(session: Session, tmp_path: Path) -> None:
    files = stock(tmp_path, [establishment(1)], [legal_unit(1)])
    place = {"siret": siret(1), "qualite_xy": "11", "plg_qp": "HZ", "x_longitude": "-3.30",
             "y_latitude": "47.70"}  # fmt: skip
    load(session, [*files, geolocation(tmp_path, place, columns=GEOLOCATION_17)])
    found = supplier(session, 1)
    assert (found.precision, found.is_qpv) == ("exact", False)


def test_without_any_commune_there_is_no_position(session: Session, tmp_path: Path) -> None:
    load(session, stock(tmp_path, [establishment(1, codeCommune="97411")], [legal_unit(1)]),
         everywhere=True)  # fmt: skip
    found = supplier(session, 1)
    assert (found.precision, found.lon, found.commune_code) == ("", None, "97411")


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
    ("a.json", b'{"etablissements": []}', "aucun établissement"),
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
    with pytest.raises(SourceError, match="Aucune ligne utilisable"):
        load(session, files)


# --- real files ---

@pytest.mark.real
def test_every_row_of_the_real_export_is_accounted_for(session: Session) -> None:
    run = load(session, [shared("data/sources/sirene/sirene_fr_liste_isere_2021.csv")], everywhere=True)
    assert (run.rows, run.kept + run.repeated + run.rejected, run.leftover) == (765, 765, [])
    assert run.rejected == 0
    names = session.scalars(select(Supplier.name)).all()
    assert not [name for name in names if name.startswith("Nom inconnu")]


@pytest.mark.real
@pytest.mark.parametrize(("name", "rows"), [
    ("ce_api_insee_siret", 1), ("ce_api_insee_sirets_by_siren_one", 4),
    ("insee_sirene_3.11_siret_bretagne_megalis_2024", 1),
])  # fmt: skip
def test_real_api_answers_are_read(session: Session, name: str, rows: int) -> None:
    run = load(session, [shared(f"data/sources/sirene/{name}.json")], everywhere=True)
    assert (run.kept, run.leftover) == (rows, [])
