"""What a supplier is said to be: its names and masks, its facts, its position."""

from datetime import date
from pathlib import Path

from pyproj import Transformer
from sqlalchemy.orm import Session

from tests.sirene_base import LORIENT, distance_m, geolocation, load, one, supplier
from tests.sirene_files import (
    GEOLOCATION_17,
    establishment,
    legal_unit,
    masked,
    person,
    siret,
    stock,
)

# A point of Lorient in Lambert 93, and the same in WGS84 as pyproj has it.
LAMBERT = ("222972.0", "6759250.0")
LAMBERT_LON, LAMBERT_LAT = Transformer.from_crs(2154, 4326, always_xy=True).transform(
    222972.0, 6759250.0
)


# --- names and masks ---


def test_the_sign_over_the_door_comes_first(session: Session, tmp_path: Path) -> None:
    row = establishment(
        1, enseigne1="AU VERGER", enseigne2="LE POTAGER", denominationUsuelle="VERGER"
    )
    found = one(session, tmp_path, row, legal_unit(1, denomination="SCIC FICTIVE", sigle="SF"))
    assert (found.name, found.legal_name) == ("AU VERGER", "SCIC FICTIVE")
    assert found.other_names == "VERGER | SF | LE POTAGER"


def test_a_public_sole_trader_has_a_name(session: Session, tmp_path: Path) -> None:
    rows = [establishment(1), establishment(2), establishment(3, enseigne1="FLEURS D'ICI"),
            establishment(4, denominationUsuelle="ANNE FLEURS")]  # fmt: skip
    units = [person(1), person(2, nomUsage="LEFAUX"), person(3), person(4)]
    load(session, stock(tmp_path, rows, units))
    found = [supplier(session, n) for n in (1, 2, 3, 4)]
    names = [one.name for one in found]
    assert names == ["ANNE KERFICTIF", "ANNE LEFAUX", "FLEURS D'ICI", "ANNE FLEURS"]
    assert all(one.is_person and one.diffusion == "O" for one in found)


def test_a_masked_person_keeps_only_her_commune(session: Session, tmp_path: Path) -> None:
    hidden = dict.fromkeys(("nom", "prenom1", "prenomUsuel", "denomination"), "[ND]")
    # The mask of either file is enough; number 4 has no legal unit: it may be a person.
    units = [person(1, statutDiffusion="P", **hidden), person(2, statutDiffusion="P"), person(3)]
    rows = [masked(establishment(n, enseigne2="CHEZ ANNE")) for n in (1, 3, 4)]
    rows.append(establishment(2, enseigne2="CHEZ ANNE"))
    where = [{"siret": siret(n), "qualite_xy": "11", "x_longitude": "-3.36", "y_latitude": "47.75"}
             for n in (1, 2, 3, 4)]  # fmt: skip
    load(session, [*stock(tmp_path, rows, units), geolocation(tmp_path, *where)])
    for found in (supplier(session, n) for n in (1, 2, 3, 4)):
        assert (found.name, found.legal_name, found.other_names) == ("[Non diffusible]", "", "")
        assert (found.address, found.postcode, found.commune) == ("", "", "Lorient")
        assert (found.precision, found.lon, found.lat) == ("commune", *LORIENT)
        assert found.diffusion == "P"


def test_a_masked_company_keeps_its_name_and_loses_its_address(
    session: Session, tmp_path: Path
) -> None:
    row = masked(establishment(1)) | {"enseigne1Etablissement": "ATELIER"}
    unit = legal_unit(1, statutDiffusion="P", denomination="SARL FICTIVE", sigle="[ND]")
    found = one(session, tmp_path, row | {"denominationUsuelleEtablissement": ""}, unit)
    assert (found.name, found.legal_name, found.other_names) == ("ATELIER", "SARL FICTIVE", "")
    assert (found.address, found.postcode, found.precision) == ("", "", "commune")


def test_an_unmarked_mask_is_a_mask(session: Session, tmp_path: Path) -> None:
    row = masked(establishment(1)) | {"statutDiffusionEtablissement": "O"}
    assert one(session, tmp_path, row, person(1)).diffusion == "P"


def test_a_firm_absent_from_the_legal_units_is_kept_and_said_so(
    session: Session, tmp_path: Path
) -> None:
    found = one(session, tmp_path, establishment(1), legal_unit(2))
    assert found.name == f"Nom inconnu (SIREN {siret(1)[:9]})"


# --- facts ---


def test_a_closed_place_or_a_ceased_firm_is_closed(session: Session, tmp_path: Path) -> None:
    shut = {"etatAdministratif": "F"}
    rows = [establishment(1, dateDebut="2021-05-04", **shut), establishment(2), establishment(3),
            establishment(4, dateDebut="1900-01-01", **shut)]  # fmt: skip
    ceased = legal_unit(2, etatAdministratif="C", dateDebut="2022-06-01")
    load(session, stock(tmp_path, rows, [legal_unit(1), ceased, legal_unit(3), legal_unit(4)]))
    found = [(one.state, one.closed_on) for one in (supplier(session, n) for n in (1, 2, 3, 4))]
    assert found == [("F", date(2021, 5, 4)), ("F", date(2022, 6, 1)), ("A", None), ("F", None)]


def test_impossible_dates_are_unknown(session: Session, tmp_path: Path) -> None:
    days = ("1900-01-01", "0001-01-01", "2925-01-01", "1965-07-01")
    rows = [establishment(n, dateCreation=day) for n, day in enumerate(days)]
    load(session, stock(tmp_path, rows, [legal_unit(1)]))
    found = [supplier(session, n).created_on for n in range(4)]
    assert found == [None, None, None, date(1965, 7, 1)]


def test_each_naf_code_stays_in_its_nomenclature(session: Session, tmp_path: Path) -> None:
    cases = {
        ("81.30Z", "NAFRev2", "81.30Y"): ("81.30Z", "81.30Y"),
        ("45.2A", "NAF1993", ""): ("", ""),
        ("81.30Y", "NAF2025", ""): ("", "81.30Y"),
        ("00.00Z", "NAFRev2", ""): ("", ""),
    }
    rows = [establishment(n, activitePrincipale=naf, nomenclatureActivitePrincipale=nomenclature,
                          activitePrincipaleNAF25=naf25)
            for n, (naf, nomenclature, naf25) in enumerate(cases)]  # fmt: skip
    load(session, stock(tmp_path, rows, [legal_unit(1)]))
    found = [(one.naf, one.naf25) for one in (supplier(session, n) for n in range(4))]
    assert found == list(cases.values())


def test_flags_of_the_legal_unit_are_kept(session: Session, tmp_path: Path) -> None:
    unit = legal_unit(1, economieSocialeSolidaire="O", societeMission="O")
    found = one(session, tmp_path, establishment(1, etablissementSiege="false"), unit)
    assert (found.is_ess, found.is_mission, found.is_head_office) == (True, True, False)


# --- positions ---


def test_positions_are_taken_in_order_of_trust(session: Session, tmp_path: Path) -> None:
    there, measured = (-3.30, 47.70), (LAMBERT_LON, LAMBERT_LAT)
    cases = [
        ("11", LAMBERT, "exact", there), ("12", LAMBERT, "street", there),
        ("21", LAMBERT, "exact", measured), ("21", ("", ""), "street", there),
        ("33", LAMBERT, "exact", measured), ("33", ("", ""), "commune", LORIENT),
    ]  # fmt: skip
    rows = [establishment(n, coordonneeLambertAbscisse=x, coordonneeLambertOrdonnee=y)
            for n, (_, (x, y), _, _) in enumerate(cases)]  # fmt: skip
    where = [{"siret": siret(n), "qualite_xy": quality, "x_longitude": "-3.3", "y_latitude": "47.7"}
             for n, (quality, *_) in enumerate(cases)]  # fmt: skip
    load(session, [*stock(tmp_path, rows, [legal_unit(1)]), geolocation(tmp_path, *where)])
    for n, (quality, lambert, precision, expected) in enumerate(cases):
        found = supplier(session, n)
        assert found.precision == precision, (quality, lambert)
        assert distance_m(found, *expected) < 1, (quality, lambert)


def test_a_position_that_cannot_be_is_refused(session: Session, tmp_path: Path) -> None:
    wrong = [("0", "0"), ("[ND]", "[ND]"), ("2.35", "48.85"), ("47.75", "-3.36"), ("", "")]
    where = [{"siret": siret(n), "qualite_xy": "11", "x_longitude": lon, "y_latitude": lat}
             for n, (lon, lat) in enumerate(wrong)]  # fmt: skip
    rows = [establishment(n, coordonneeLambertAbscisse="0", coordonneeLambertOrdonnee="0")
            for n in range(len(wrong))]  # fmt: skip
    load(session, [*stock(tmp_path, rows, [legal_unit(1)]), geolocation(tmp_path, *where)])
    assert {supplier(session, n).precision for n in range(len(wrong))} == {"commune"}


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
