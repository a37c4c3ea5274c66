"""French punctuation stays with its word in all that is read, and in nothing that is sent back."""

import pytest
from jinja2 import Environment

from webapp.typography import NO_BREAK, FrenchSpaces


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Que cherchez-vous ?", "Que cherchez-vous_?"),
        ("« {{ need }} », ici", "«_a_: b_», ici"),
        ("<input value='{{ need }}'> {{ need }}", "<input value='a : b'> a_: b"),
        ("<textarea>{{ need }}</textarea>{{ need }}", "<textarea>a : b</textarea>a_: b"),
        (
            "{% macro p(t) %}<p id='{{ t }}'>{{ t }}{% endmacro %}{{ p(need) }}",
            "<p id='a : b'>a_: b",
        ),
        ("Seuil : {{ {'a' : 12}['a'] }} €", "Seuil_: 12 €"),
        ("<p>\n  : <a href='?q=1'>suite</a> !", "<p>\n  : <a href='?q=1'>suite</a>_!"),
    ],
)
def test_a_line_never_starts_with_its_punctuation(written: str, shown: str) -> None:
    page = Environment(extensions=[FrenchSpaces], autoescape=True).from_string(written)
    assert page.render(need="a : b") == shown.replace("_", NO_BREAK)
