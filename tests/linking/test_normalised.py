"""Names, streets and towns as compared."""

import pytest

from sourcing.linking.comparison import is_acronym
from sourcing.linking.normalised import Lines, Normaliser


def lines(**columns: str) -> Lines:
    return Normaliser().lines({name: [value] for name, value in columns.items()})


@pytest.mark.parametrize(("written", "compared"), [
    ("S.A.R.L. Dupont", "DUPONT"),
    ("A.P.F France", "APF FRANCE"),
    ("A P F France", "APF FRANCE"),
    ("L'Œuvre de l'Île", "ILE OEUVRE"),
    ("Ctr de formation d'apprentis", "CFA"),
    ("Centre d'aide par le travail", "ESAT"),
    ("Chambre de commerce et d'industrie du Mans", "CCI MANS"),
    ("ASSOC.", "ASSOC"), ("Maison familiale rurale de Brens", "BRENS MFR"),
])  # fmt: skip
def test_names_lose_what_does_not_tell_and_their_order(written: str, compared: str) -> None:
    assert lines(name=written).alias_text.tolist() == [compared]


def test_a_name_in_brackets_is_another_name() -> None:
    assert "AEIM" in lines(name="ESAT Epsilon (AEIM)").alias_text.tolist()
    assert "EPSILON ESAT" in lines(name="ESAT Epsilon (AEIM)").alias_text.tolist()


@pytest.mark.parametrize(("one", "other"), [
    ("PALAISEAU CEDEX 9", "Palaiseau"), ("ST AGATHON", "Saint-Agathon"), ("PARIS 15", "Paris"),
    ("L ISLE D ESPAGNAC", "L'Isle-d'Espagnac"), ("Paris 12e Arrondissement", "PARIS"),
])  # fmt: skip
def test_a_town_is_one_however_it_is_written(one: str, other: str) -> None:
    assert lines(name="x", town=one).marks["town"] == lines(name="x", town=other).marks["town"]


def place(address: str) -> tuple[str, int, int]:
    one = lines(name="x", address=address)
    return str(one.streets.values[0]), int(one.number[0]), int(one.last_number[0])


@pytest.mark.parametrize(("one", "other"), [
    ("10 AV. Henri Matisse", "10 avenue henri matisse"),
    ("ZI 3 bd Allende CS 4001", "3 BOULEVARD ALLENDE"),
    ("12 bis rue du Gal Leclerc", "12 RUE GENERAL LECLERC 56100 LORIENT"),
    ("83 A rue Chatagnon", "83 RUE DE CHATAGNON"),
])  # fmt: skip
def test_an_address_is_one_however_it_is_written(one: str, other: str) -> None:
    assert place(one) == place(other)


def test_a_range_of_street_numbers_is_kept() -> None:
    assert place("3-5 rue Allende")[1:] == (3, 5)


def test_a_town_alone_tells_its_departement_when_the_base_has_one() -> None:
    normaliser = Normaliser()
    base = normaliser.lines({"name": ["x"], "town": ["Lanester"], "postcode": ["56600"]})
    asked = normaliser.lines({"name": ["y"], "town": ["LANESTER"]})
    assert asked.marks["departement"] == base.marks["departement"] != 0


def test_a_code_in_place_of_a_town_is_the_town_the_base_has_there() -> None:
    towns = {"name": ["x", "y"], "town": ["Metz", "57463"], "postcode": ["57000", "57000"]}
    assert len(set(Normaliser().lines(towns).marks["town"])) == 1


def test_the_place_is_no_part_of_the_name() -> None:
    assert lines(name="Mairie de Graulhet", town="GRAULHET").alias_text.tolist() == ["COMMUNE"]
    assert lines(name="CFA du Jura", postcode="39000").alias_text.tolist() == ["CFA"]


def test_a_mail_host_everybody_uses_is_not_a_site() -> None:
    assert lines(name="x", email="a@orange.fr").marks["host"] == [0]
    site = lines(name="x", website="https://www.ateliers.fr/x").marks["host"]
    assert site == lines(name="x", email="a@ateliers.fr").marks["host"] != 0


@pytest.mark.parametrize(("word", "initials", "every", "is_one"), [
    ("FDME", "FME", "FDMDLE", True), ("FME", "FME", "FDMDLE", True), ("FE", "FME", "FDMDLE", False),
    ("FXME", "FME", "FDMDLE", False),
])  # fmt: skip
def test_small_words_may_be_part_of_an_acronym(
    word: str, initials: str, every: str, is_one: bool
) -> None:
    assert is_acronym(word, initials, every) is is_one
