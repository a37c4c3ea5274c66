"""French punctuation stays with its word, in what the templates say and nowhere else."""

import pytest
from jinja2 import Environment

from webapp.typography import NO_BREAK, FrenchSpaces


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Que cherchez-vous ?", "Que cherchez-vous_?"),
        ("« {{ need }} », ici", "«_a : b_», ici"),  # what people typed stays as they typed it
        ("Seuil : {{ {'a' : 12}['a'] }} €", "Seuil_: 12 €"),
        ("<p>\n  : <a href='?q=1'>suite</a> !", "<p>\n  : <a href='?q=1'>suite</a>_!"),
    ],
)
def test_a_line_never_starts_with_its_punctuation(written: str, shown: str) -> None:
    page = Environment(extensions=[FrenchSpaces], autoescape=True).from_string(written)
    assert page.render(need="a : b") == shown.replace("_", NO_BREAK)
