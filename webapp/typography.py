"""French punctuation never opens a line: its space does not break."""

import re
from collections.abc import Iterable, Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

NO_BREAK = "\N{NO-BREAK SPACE}"
_BEFORE = re.compile(r"(?<!\s) (?=[:;?!»](?![=\w]))")
_AFTER = re.compile(r"« ")


def no_break(text: str) -> str:
    """The same text, its high punctuation and guillemets held to their word."""
    return _AFTER.sub(f"«{NO_BREAK}", _BEFORE.sub(NO_BREAK, text))


class FrenchSpaces(Extension):
    """Holds the punctuation of the templates' own text, once, when they are compiled."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterable[Token]:
        return _held(stream)


def _held(stream: TokenStream) -> Iterator[Token]:
    for token in stream:
        yield token if token.type != "data" else Token(token.lineno, "data", no_break(token.value))
