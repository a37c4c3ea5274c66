"""What a column of an unknown list holds: from its header, from its values, or not known."""

from pathlib import Path

import pytest

from connectors.readers import read
from sourcing.mapping import propose
from sourcing.mapping.evaluation import cases, evaluate
from tests.conftest import shared
from tests.mapping.lists import NAMES, SIRETS, TOWNS, fields, headers, proposed, table

HERE = Path(__file__).parent


@pytest.mark.real
def test_known_headers_and_real_files_are_right_at_least_95_times_in_100() -> None:
    files = shared("data/sources")
    figures, errors = evaluate(list(cases(HERE / "truth.json", read, files)))
    print(errors)
    assert figures["columns"] > 580 and figures["accuracy"] >= 0.99
    assert figures["wrong_and_sure"] == 0


@pytest.mark.parametrize("kind", ["truth", "published", "invented", "unseen"])
def test_headers_of_every_style_are_right_at_least_95_times_in_100(kind: str) -> None:
    figures, errors = evaluate(list(cases(HERE / f"{kind}.json", read)))
    print(errors)
    assert figures["accuracy"] >= 0.95 and figures["ours_right"] >= 0.95


@pytest.mark.parametrize(
    "header, values, right",
    [
        ("Emplois (ETP)", ["8", "3", "14"], "workers"),
        ("Ville", ["Y", "Eu", "Oô"], "commune"),
        ("GPS", ["47,7486 ; -3,3664", "47.75, -3.36", "47°44'55.2\"N 3°21'59\"W"], "position"),
        ("Téléph.", ["02 97 00 00 01", ""], "phone"),
        ("telephoneNumber", ["0297000001", "0297000002"], "phone"),
        ("Fax de l'accueil", ["02 97 00 00 01", "02 97 00 00 02", "02 97 00 00 03"], ""),
        ("N° de marché", ["2023-01", "2023-02", "2023-03"], ""),
        ("Qualif. Qualibat", ["2111", "1413", "3211"], "labels"),
        ("Nb adhérents", ["120", "45", "30"], ""),
        ("8. Êtes-vous une entreprise adaptée ?", ["Non", "Oui", "Non"], "kind"),
        ("Utilité sociale agréée (ESUS)", ["Oui", "Non", "Non"], "labels"),
        ("Agence de", ["Lorient", "Lanester", "Vannes"], "commune"),
        ("Activités proposées aux acheteurs", ["Blanchisserie", "Tri", "Pose"], "description"),
    ],
)
def test_a_header_nobody_listed_is_understood_by_its_parts(
    header: str, values: list[str], right: str
) -> None:
    padded = (values + [""] * 4)[: len(NAMES)]
    found = propose(table({"Raison sociale": NAMES, header: padded}))
    assert {g.column: g.field for g in found.guesses}[header] == right


def test_values_speak_where_headers_say_nothing() -> None:
    found = propose(table({
        "A": NAMES,
        "B": SIRETS,
        "C": ["56100", "56850", "29300", "56270"],
        "D": ["a@voiles.example", "b@algo.example", "c@ter.fr", "d@iroise.fr"],
        "E": ["02 97 00 00 01", "0297000002", "+33 2 97 00 00 03", "02.97.00.00.04"],
        "F": ["www.voiles.fr", "https://algo.fr", "ter.bzh", "iroise.com"],
        "G": TOWNS,
        "H": ["33.15Z", "6201Z", "43.32A", "62.02A"],
    }))  # fmt: skip
    assert fields(found) == {
        "A": "name", "B": "siret", "C": "postcode", "D": "email", "E": "phone", "F": "website",
        "G": "commune", "H": "naf",
    }  # fmt: skip
    # A valid SIRET is a SIRET; a name or a postcode without a header is to be checked.
    assert {g.column for g in found.guesses if g.confidence == "sure"} == {"B", "D", "E", "F", "H"}
    assert len(found.doubts) == 3


def test_what_is_not_known_is_said() -> None:
    found = propose(table({"Nom": NAMES, "Zorglub": ["aa", "bb", "aa", "cc"], "Vide": [""] * 4}))
    unknown = {g.column: g.why for g in found.guesses if g.confidence == "unknown"}
    assert unknown == {
        "Zorglub": "ni l'intitulé ni les valeurs ne disent ce que c'est",
        "Vide": "colonne vide, intitulé inconnu",
    }


def test_a_header_contradicted_by_its_values_is_not_believed() -> None:
    found = proposed({"Nom": NAMES, "Site": ["Usine nord", "Siège", "Quai", "Cale"]})
    assert "Site" not in found


def test_two_columns_exchanged_are_put_right_and_said() -> None:
    found = propose(
        table({"Nom": NAMES, "Code postal": TOWNS, "Ville": ["56100", "56600", "56100", "56850"]})
    )
    assert fields(found) == {"Nom": "name", "Code postal": "commune", "Ville": "postcode"}
    whys = {g.column: g.why for g in found.guesses}
    assert whys["Code postal"].startswith("l'intitulé annonce « Code postal », mais")


def test_a_siret_column_with_wrong_keys_is_still_the_siret_column() -> None:
    found = proposed({"SIRET": ["11111111111111", "98765432109876", "12345678901234"]})
    assert found == {"SIRET": "siret"}


def test_the_name_of_a_person_is_never_a_supplier_s_name() -> None:
    found = propose(headers("Entreprise", "Prénom", "Nom", "Ville", "Dirigeant", "Contact",
                            "Nom du gérant", "First name", "Last name", "Fonction"))  # fmt: skip
    assert fields(found) == {"Entreprise": "name", "Ville": "commune"}


def test_an_address_beside_a_persons_name_is_proposed_with_a_doubt() -> None:
    found = propose(headers("Société", "Prénom", "Nom", "E-mail", "Email 2", "Prénom 2"))
    kept = {g.column: g.confidence for g in found.guesses if g.field}
    assert kept == {"Société": "sure", "E-mail": "check"}


def test_an_identifier_that_repeats_is_not_one() -> None:
    assert "Id" not in proposed({"Nom": NAMES[:3], "Id": ["1", "1", "2"]})


@pytest.mark.parametrize(
    ("header", "cells", "field"),
    [
        ("RGE", ["x", "", "x", ""], "labels"),
        ("ESAT (oui/non)", ["oui", "non", "non", "oui"], "kind"),
        ("Espaces verts", ["X", "", "X", ""], ""),
        ("QPV", ["Non", "Oui", "Non", "Non"], "is_qpv"),
        ("Membre depuis", ["2012", "2015", "2019", "2020"], ""),
        ("Type", ["ESAT", "EA", "Entreprise adaptée", "ESAT"], "kind"),
        ("Type", ["Principal", "Secondaire", "Principal", "Principal"], ""),
        ("Statut", ["SARL", "SAS", "EI", "Association"], "legal_form"),
        ("Page", [f"https://base.example/f/{i}" for i in range(4)], "link"),
        ("URL", [f"https://base.example/f/{i}" for i in range(4)], "link"),
        ("Lien", [f"https://www.facebook.com/{i}" for i in range(4)], ""),
        ("CP Ville", ["56100 Lorient", "56600 LANESTER", "56100 LORIENT CEDEX", "56850 Caudan"],
         "postcode_commune"),
        ("Adresse", ["1 rue A 56100 Lorient", "2 rue B, 56600 Lanester", "ZA C - 56850 Caudan"] * 2,
         "full_address"),
        ("Contact", ["a@voiles.example", "b@algo.example", "c@ter.fr", ""], "email"),
        ("acheteur_siret", SIRETS, ""),
    ],
)  # fmt: skip
def test_header_and_values_decide_together(header: str, cells: list[str], field: str) -> None:
    names = [f"Structure {i}" for i in range(len(cells))]
    assert proposed({"Nom": names, header: cells}).get(header, "") == field


def test_a_second_address_is_not_mixed_with_the_first() -> None:
    found = fields(propose(headers("Nom", "Adresse 1", "Adresse 2", "Code postal", "Ville",
                                   "Voie 2", "Code postal 2", "Ville 2")))  # fmt: skip
    assert "Code postal 2" not in found and "Ville 2" not in found


def test_columns_that_share_a_prefix_are_read_without_it() -> None:
    found = fields(propose(headers("siege_nom", "siege_cp", "siege_ville", "siege_siret")))
    assert list(found.values()) == ["name", "postcode", "commune", "siret"]


def test_the_communes_of_the_base_are_recognised() -> None:
    rows = table({"Nom": NAMES, "Où": ["Inguiniel", "Bubry", "Inguiniel", "Quistinic"]})
    communes = {"INGUINIEL", "BUBRY", "QUISTINIC"}
    assert "Où" not in fields(propose(rows))
    assert fields(propose(rows, communes))["Où"] == "commune"
