"""What holds a probable link back, what words lift it, and on which side each clause is told."""

from collections.abc import Mapping

import pytest

from sourcing.linking.verdicts import Finding, Linker

DOOR = {"address": "32 boulevard Jean Bourrat", "postcode": "56600", "town": "LANESTER"}
CENTRE = {"name": "CTR DE FORMATION D APPRENTIS", **DOOR}


def ask(base: Mapping[str, str], line: Mapping[str, str]) -> Finding:
    """What a register of one supplier says of one line."""
    linker = Linker.of({name: [said] for name, said in base.items()} | {"siret": ["1" * 14]})
    return linker.ask({name: [said] for name, said in line.items()})[0]


def reasons(finding: Finding) -> tuple[str, ...]:
    return finding.best.reasons if finding.best else ()


def test_a_nature_the_base_ignores_does_not_hide_a_name_that_singles_out() -> None:
    found = ask({"name": "Bretagne Compétences Plus", **DOOR},
                CENTRE | {"other": "BRETAGNE COMPETENCES PLUS"})  # fmt: skip
    assert found.verdict == "same"


def test_a_nature_the_base_ignores_is_a_question_when_the_name_is_half_known() -> None:
    found = ask({"name": "Compétences", **DOOR}, CENTRE | {"other": "BRETAGNE COMPETENCES"})
    assert found.verdict == "review"


def test_two_natures_that_differ_are_a_question_whatever_the_words() -> None:
    found = ask({"name": "ESAT Bretagne Compétences Plus", **DOOR},
                CENTRE | {"other": "BRETAGNE COMPETENCES PLUS"})  # fmt: skip
    assert found.verdict == "review"
    assert "la nature annoncée par la liste n'est pas connue de la base" in reasons(found)


@pytest.mark.parametrize(("address", "verdict"), [("", "review"), (DOOR["address"], "same")])
def test_one_word_that_looks_alike_proves_nothing_without_a_street(
    address: str, verdict: str
) -> None:
    found = ask({"name": "Juratrom", **DOOR}, {"name": "Juratrim", **DOOR, "address": address})
    assert found.verdict == verdict


def test_a_namesake_in_the_next_town_is_a_question_though_its_web_site_bears_the_name() -> None:
    name = {"name": "Menuiserie Kerlanvaux"}
    elsewhere = {"address": "", "postcode": "56850", "town": "CAUDAN"}
    found = ask(name | DOOR, name | elsewhere | {"website": "www.menuiserie-kerlanvaux.fr"})
    assert found.verdict != "same"
    assert found.best and "aucun lieu commun pour le distinguer de ses homonymes" in reasons(found)


@pytest.mark.parametrize(("count", "verdict"), [(50, "same"), (3001, "review")])
def test_another_address_is_a_question_where_the_base_knows_a_whole_city(
    count: int, verdict: str
) -> None:
    others = {
        "name": [f"MENUISERIE{i}" for i in range(count)],
        "siret": [f"{i:014d}" for i in range(count)],
    }
    others |= {part: [said] * count for part, said in DOOR.items()}
    others["name"][0] = "Tourneurs Kerlanvaux Boisgelin"
    line = {"name": others["name"][0], **DOOR, "address": "8 impasse des Ajoncs"}
    found = Linker.of(others).ask({part: [said] for part, said in line.items()})[0]
    assert found.verdict == verdict


def test_an_address_alone_says_more_of_a_line_that_only_gives_its_nature() -> None:
    base = {"name": "Bretagne Compétences Plus", **DOOR}
    centre, tenant = (
        ask(base, {"name": name, **DOOR}).best for name in ("CFA", "Menuiserie Kerlanvaux")
    )
    assert centre and tenant and centre.alone > 0.75 > tenant.alone


def test_a_clause_is_told_on_the_side_of_what_it_says() -> None:
    line = {"name": "Bretagne Compétences Plus", "address": "34 boulevard Jean Bourrat",
            "postcode": "56850", "town": "CAUDAN"}  # fmt: skip
    best = ask({"name": line["name"], **DOOR}, line).best
    assert best and "même rue, numéro voisin" in best.reasons[: -best.against]
    assert best.reasons[-best.against :][0] == "autre commune"
