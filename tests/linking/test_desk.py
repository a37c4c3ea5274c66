"""The same lines give the same, whoever asks, how often and beside whom."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sourcing.linking.normalised import Lines, Normaliser
from sourcing.linking.verdicts import Linker

LIST = {
    "name": ["ESAT Epsilon (AEIM)", "S.A.R.L. Dupont", "Mairie de Lanester", "Ctr formation"],
    "other": ["", "DF - Peinture | Dupont", "", "cfa 56"],
    "address": ["12 rue du Gal Leclerc", "3-5 bd Allende CS 4001", "", "ZA de Kerpont"],
    "postcode": ["54000", "56100", "56600", ""],
    "town": ["NANCY CEDEX 9", "Lorient", "Lanester", "LORIENT"],
    "website": ["", "https://www.dupont-peinture.fr", "", ""],
}  # fmt: skip
ANOTHER = {"name": ["Y"] * 300, "town": ["Metz"] * 300}


def said(lines: Lines) -> dict[str, Any]:
    return {
        "keys": sorted(zip(lines.keys.tolist(), lines.key_channel.tolist(), strict=True)),
        "names": lines.alias_text.tolist(),
        "words": lines.vocabulary.word[lines.word].tolist(),
        "streets": lines.streets.values[lines.streets.code].tolist(),
        "numbers": (lines.number.tolist(), lines.last_number.tolist()),
        "marks": {fact: marks.tolist() for fact, marks in lines.marks.items()},
    }


def test_lines_read_the_same_first_again_and_by_several_at_once() -> None:
    normaliser = Normaliser()
    first = said(normaliser.lines(LIST))

    def ask(turn: int) -> dict[str, Any]:
        if turn % 3 == 2:
            normaliser.lines(ANOTHER)
        return said(normaliser.lines(LIST))

    with ThreadPoolExecutor(3) as pool:
        assert all(answer == first for answer in pool.map(ask, range(9)))
    assert len(normaliser.desks) <= 3


def test_an_answer_depends_neither_on_the_lines_asked_with_it_nor_on_threads() -> None:
    linker = Linker.of(LIST | {"siret": ["10000000000017", "10000000100015", "", ""]})
    asked = {name: texts[::-1] for name, texts in LIST.items()}
    together = linker.ask(asked)
    linker.part = 1
    assert linker.ask(asked) == together
    assert [found.best and found.best.line for found in together] == [3, 2, 1, 0]
