"""What a column of an unknown list holds: from its header, from its values, or not known."""

import json
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy.orm import Session

from connectors.readers import read
from sourcing.mapping import Mapping, by_field, load, propose, save
from sourcing.source import Row, SourceChanged, SourceError
from tests.conftest import shared

SIRETS = ("90000010000017", "90000013700019", "90000017400012", "01234567800010")
# Header -> field, for every header of known_headers.json and of the real lists; the others are
# left over. Headers are no personal data.
EXPECTED = {
    "name": "Raison sociale|Raison Sociale|Raison sociale*|title|Dénomination|name|rs|nom|"
    "Fournisseur|Quel est le nom de votre groupement ?|Raison sociale du Fournisseur|Company Name|"
    "rais_soc|ET-Raison sociale",
    "other_names": "Enseigne|Nom commercial|brand|rslongue|complrs|nom_entite|EJ-Raison sociale",
    "siret": "Siret|Siret*|Siret 2|siret|SIRET|N° de Siret|Numéro de SIRET|ET-SIRET|"
    "Quel est le numéro de SIRET de votre groupement ?",
    "siren": "Siren|SIREN|numero_siren",
    "key": "Slug|Id|id|nofinesset|ET-N°FINESS",
    "address": "Adresse|Lieudit/BP|address_line_1|address_line_2|adresse|complement_adresse|"
    "numvoie|typvoie|voie|compvoie|lieuditbp|compldistrib|address|adresse_c|ET-Adresse",
    "postcode": "Code postal|Code Postal|zip|post_code|code_postal|ligneacheminement|cp|"
    "ET-Code Postal",
    "commune": "Ville|city|commune|Localisation|ville|City|ET-Commune Libellé|commune_brute|"
    "commune_officielle",
    "commune_code": "code_insee|ET-Commune Code",
    "departement": "Département|department|departement|libdepartement|dep|ET-Département Code|"
    "ET-Département Libellé",
    "email": "E-mail|E-mail*|Email|Adresse e-mail|mail|email|courriel|"
    "Quelle est votre adresse email ?",
    "phone": "Téléphone|Téléphone*|Tel|Tel public|phone|telephone|ET-Téléphone 1|"
    "Quel est votre numéro de téléphone ?",
    "website": "Site internet|URL|website|site_web|contact_website|Website|"
    "Quel est votre site internet ?",
    "link": "Lien vers le marché|lien_source",
    "sectors": "sectors|Secteurs d'activité|Pôles de compétences|Métiers proposés|domaine|filiere|"
    "secteurs/secteur/{secteurnom,activite}|Secteurs d'act 1|Secteurs d'act 2|Secteurs d'act 3|"
    "Secteurs d'act 4..9|" + "|".join(f"Domaine {i}" for i in range(1, 14)),
    "description": "Description|description|activite",
    "workers": "Nombre de salariés en insertion|Nombre de salariés permanents|effectif|"
    "Capacité d'accueil (nombre de TH total)|Nombre de travailleurs dans la structure (en ETP)|"
    "nombre de salariés|nombre d'opérateurs|Capacité autorisée agrégée|"
    "Combien de salariés en insertion composent votre réseau ?|"
    "Combien de salariés permanents composent votre groupement ?",
    "naf": "naf|codeape",
    "legal_form": "Statut juridique|form_jur|EJ-Statut juridique Code|EJ-Statut juridique Libellé",
    "is_qpv": "Quartier prioritaire de la politique de la ville (API QPV)|QPV|is_qpv",
    "x": "longitude",
    "y": "latitude",
    "position": "geo_point_2d",
}
FIELD_OF = {header: name for name, text in EXPECTED.items() for header in text.split("|")}
# In the inclusion market's API the slug is a second identifier.
SECOND_KEYS = {("api_siae_list_dept56.json", "slug")}
REAL = (
    "esat_gesat/esat_liste_officielle_finess_2026.csv",
    "esat_gesat/hosmoz_gesat_import_sample.csv",
    "innovation/bretagne_structures_innovation.geojson",
    "innovation/french_tech_companies_no_siren.csv",
    "marche_inclusion/api_siae_list_dept56.json",
    "marche_inclusion/export_recherche_morbihan_2025-08_a_2026-07.csv",
    "marche_inclusion/export_recherche_morbihan_2026-07.csv",
    "depenses/purchases_import_sample.csv",
    "lorient_agglo_lignes_reelles_toutes_sources.csv",
)


def table(columns: dict[str, Sequence[str]]) -> list[Row]:
    lines = zip(*columns.values(), strict=True)
    return [
        Row("liste.csv", i, dict(zip(columns, cells, strict=True)))
        for i, cells in enumerate(lines, 2)
    ]


def judged(title: str, found: Mapping, headers: Sequence[str]) -> Iterator[tuple[str, bool]]:
    for header in headers:
        expected = None if (title, header) in SECOND_KEYS else FIELD_OF.get(header)
        yield (
            f"{title}: {header} -> {found.columns.get(header)}",
            found.columns.get(header) == expected,
        )


def measure(judgements: Sequence[tuple[str, bool]]) -> float:
    wrong = [text for text, is_right in judgements if not is_right]
    print(f"{len(judgements) - len(wrong)} of {len(judgements)} right; wrong: {wrong}")
    return 1 - len(wrong) / len(judgements)


@pytest.mark.real
def test_headers_alone_are_mapped_right_at_least_95_times_in_100() -> None:
    known = json.loads(shared("data/sources/esat_gesat/known_headers.json").read_text("utf-8"))
    judgements = [
        one
        for title, headers in known.items()
        for one in judged(title, propose([Row("x", 1, dict.fromkeys(headers, ""))]), headers)
    ]
    assert measure(judgements) >= 0.95


@pytest.mark.real
def test_real_lists_are_mapped_right_at_least_95_times_in_100() -> None:
    judgements = []
    for file in REAL:
        path = shared(f"data/sources/{file}")
        found = propose(list(read(path)))
        judgements += judged(path.name, found, list(found.examples))
    assert measure(judgements) >= 0.95


def test_values_speak_where_headers_say_nothing() -> None:
    found = propose(table({
        "A": ["Voiles d'Armor SARL", "Algo Breizh SAS", "Menuiserie du Ter SARL", "Iroise SAS"],
        "B": SIRETS,
        "C": ["56100", "56850", "29300", "56270"],
        "D": ["a@voiles.example", "b@algo.example", "c@ter.fr", "d@iroise.fr"],
        "E": ["02 97 00 00 01", "0297000002", "+33 2 97 00 00 03", "02.97.00.00.04"],
        "F": ["www.voiles.fr", "https://algo.fr", "ter.bzh", "iroise.com"],
        "G": ["Lorient", "Lanester", "Lorient", "Caudan"],
        "H": ["33.15Z", "6201Z", "43.32A", "62.02A"],
    }))  # fmt: skip
    assert found.columns == {
        "A": "name", "B": "siret", "C": "postcode", "D": "email", "E": "phone", "F": "website",
        "G": "commune", "H": "naf",
    }  # fmt: skip
    assert len(found.doubts) == 8


def test_a_header_contradicted_by_its_values_is_not_believed() -> None:
    found = propose(
        table({"Nom": ["A", "B", "C", "D"], "Site": ["Usine nord", "Siège", "Quai", "Cale"]})
    )
    assert "Site" not in found.columns


def test_a_siret_column_with_wrong_keys_is_still_the_siret_column() -> None:
    found = propose(table({"SIRET": ["11111111111111", "98765432109876", "12345678901234"]}))
    assert found.columns == {"SIRET": "siret"}


def test_the_name_of_a_person_is_never_a_supplier_s_name() -> None:
    columns = ["Entreprise", "Prénom", "Nom", "Ville", "Dirigeant", "Contact"]
    found = propose([Row("x", 1, dict.fromkeys(columns, ""))])
    assert found.columns == {"Entreprise": "name", "Ville": "commune"}


def test_an_identifier_that_repeats_is_not_one() -> None:
    found = propose(table({"Nom": ["A", "B", "C"], "Id": ["1", "1", "2"]}))
    assert "Id" not in found.columns


def test_a_row_becomes_a_record() -> None:
    mapping = Mapping({
        "N": "name", "Rue": "address", "Suite": "address", "S1": "sectors", "S2": "sectors",
        "T1": "phone", "T2": "phone", "Q": "is_qpv", "P": "position",
    })  # fmt: skip
    row = Row("x", 2, {
        "N": "A", "Rue": "3 rue du Port", "Suite": "BP 4", "S1": "Bois ; Métal",
        "S2": '["Bois", "Cuir"]',
        "T1": "", "T2": "0297000001", "Q": "oui", "P": "[47.75, -3.37]",
    })  # fmt: skip
    record = mapping.apply(row)
    assert record.address == "3 rue du Port BP 4"
    assert record.sectors == ("Bois", "Métal", "Cuir")
    assert (record.phone, record.is_qpv) == ("0297000001", True)
    assert (record.x, record.y) == ("-3.37", "47.75")


def test_a_place_at_the_end_of_the_address_is_found() -> None:
    rows = table({"Nom": ["A"], "Adresse": ["3 rue du Port 56100 Lorient"]})
    found = propose(rows)
    found.check()
    record = found.apply(rows[0])
    assert (record.address, record.postcode, record.commune) == (
        "3 rue du Port",
        "56100",
        "Lorient",
    )


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["Nom", "Site"], "aucun lieu"),
        (["Ville", "Téléphone"], "aucun nom n'est reconnu"),
        (["Foo", "Bar"], "aucun nom ni lieu"),
    ],
)
def test_a_list_without_name_or_place_is_refused(columns: list[str], sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        propose([Row("x", 1, dict.fromkeys(columns, ""))]).check("liste.csv")


def test_names_alone_are_enough_to_look_suppliers_up() -> None:
    names = propose([Row("x", 1, {"Fournisseur": "Voiles d'Armor"})])
    names.check("grand livre.csv", needs_place=False)
    with pytest.raises(SourceError, match="aucun lieu"):
        names.check("grand livre.csv")


def test_a_mapping_is_saved_by_name_and_found_again(session: Session) -> None:
    found = Mapping({"N": "name", "V": "commune"})
    save(session, "audelor", found)
    save(session, "audelor", Mapping({"Nom": "name", "V": "commune"}))
    session.flush()
    again = load(session, "audelor")
    assert again is not None and again.columns == {"Nom": "name", "V": "commune"}
    assert load(session, "autre") is None


def test_a_saved_mapping_misses_a_column_by_name() -> None:
    with pytest.raises(SourceChanged, match=r"« Nom » .* absente ; .* « Noms »"):
        Mapping({"Nom": "name"}).require(Row("liste.csv", 2, {"Noms": "A"}))


def test_what_is_proposed_can_be_read_aloud() -> None:
    found = propose(table({"Entreprise": ["Voiles d'Armor"], "Ville": ["Lorient"]}))
    assert found.sentences() == [
        "Entreprise → Nom (ex. « Voiles d'Armor »)",
        "Ville → Commune (ex. « Lorient »)",
    ]
    assert by_field(found) == {"commune": ["Ville"], "name": ["Entreprise"]}


def test_a_postcode_and_a_town_in_one_column_are_two_fields() -> None:
    rows = table({"Entreprise": ["Voiles d'Armor"], "CP Ville": ["56850 Caudan"]})
    record = propose(rows).apply(rows[0])
    assert (record.postcode, record.commune) == ("56850", "Caudan")
