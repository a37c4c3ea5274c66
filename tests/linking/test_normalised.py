"""Names, streets and towns as compared."""

import pytest

from sourcing.linking.normalised import Lines, Normaliser


def lines(**columns: str) -> Lines:
    return Normaliser().lines({name: [value] for name, value in columns.items()})


@pytest.mark.parametrize(("written", "compared"), [
    ("S.A.R.L. Dupont", "DUPONT"),
    ("A.P.F France", "APF FRANCE"),
    ("A P F France", "APF FRANCE"),
    ("L'Œuvre de l'Île", "OEUVRE ILE"),
    ("Ctr de formation d'apprentis", "CFA"),
    ("Centre d'aide par le travail", "ESAT"),
    ("Chambre de commerce et d'industrie du Mans", "CCI MANS"),
    ("ASSOC.", "ASSOC"), ("Maison familiale rurale de Brens", "MFR BRENS"),
])  # fmt: skip
def test_names_lose_what_does_not_tell(written: str, compared: str) -> None:
    assert lines(name=written).alias_text.tolist() == [compared]


def test_a_name_in_brackets_is_another_name() -> None:
    assert "AEIM" in lines(name="ESAT Epsilon (AEIM)").alias_text.tolist()
    assert "ESAT EPSILON" in lines(name="ESAT Epsilon (AEIM)").alias_text.tolist()


@pytest.mark.parametrize(("one", "other"), [
    ("PALAISEAU CEDEX 9", "Palaiseau"), ("ST AGATHON", "Saint-Agathon"), ("PARIS 15", "Paris"),
    ("L ISLE D ESPAGNAC", "L'Isle-d'Espagnac"), ("Paris 12e Arrondissement", "PARIS"),
])  # fmt: skip
def test_a_town_is_one_however_it_is_written(one: str, other: str) -> None:
    assert lines(name="x", town=one).facts["town"] == lines(name="x", town=other).facts["town"]


@pytest.mark.parametrize(("one", "other"), [
    ("10 AV. Henri Matisse", "10 avenue henri matisse"),
    ("ZI 3 bd Allende CS 4001", "3 BOULEVARD ALLENDE"),
    ("12 bis rue du Gal Leclerc", "12 RUE GENERAL LECLERC 56100 LORIENT"),
])  # fmt: skip
def test_an_address_is_one_however_it_is_written(one: str, other: str) -> None:
    left, right = lines(name="x", address=one).facts, lines(name="x", address=other).facts
    assert (left["number"], left["street"]) == (right["number"], right["street"])


def test_a_town_alone_tells_its_departement_when_the_base_has_one() -> None:
    normaliser = Normaliser()
    normaliser.lines({"name": ["x"], "town": ["Lanester"], "postcode": ["56600"]})
    assert normaliser.lines({"name": ["y"], "town": ["LANESTER"]}).facts["departement"] == ["56"]


def test_a_mail_host_everybody_uses_is_not_a_site() -> None:
    assert lines(name="x", email="a@orange.fr").facts["host"] == [""]
    assert lines(name="x", email="a@ateliers.fr").facts["host"] == ["ateliers.fr"]
