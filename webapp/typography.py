"""French punctuation never opens a line: its space does not break."""

import re
from collections.abc import Iterable, Iterator

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

NO_BREAK = "\N{NO-BREAK SPACE}"
_BEFORE = re.compile(r"(?<!\s) (?=[:;?!»](?![=\w]))")
_AFTER = re.compile(r"« ")
# A tag, or its beginning; what these hold is given back or run as it is.
_TAG = re.compile(r"<(/?)([a-z][\w-]*)|(>)", re.I)
_VERBATIM = {"textarea", "option", "pre", "code", "script", "style"}
_HELD = "held"


def no_break(text: str) -> str:
    """The same text, its high punctuation and guillemets held to their word."""
    if " " not in text:
        return text
    return _AFTER.sub(f"«{NO_BREAK}", _BEFORE.sub(NO_BREAK, text))


class FrenchSpaces(Extension):
    """Holds the punctuation of all that is read: the templates' own text, once, when they are
    compiled, and what they show, each time. A value in an attribute or a field stays as it is.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters[_HELD] = lambda value: no_break(value) if type(value) is str else value

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterable[Token]:
        return _held(stream)


class _Place:
    """Where a template's text has come to: in a tag, in what is kept verbatim, or in text."""

    def __init__(self) -> None:
        self.in_tag, self.verbatim = False, ""

    def follow(self, text: str) -> None:
        for end, name, closed in _TAG.findall(text):
            self.in_tag = not closed
            if end and name.lower() == self.verbatim:
                self.verbatim = ""
            elif not (end or closed or self.verbatim) and name.lower() in _VERBATIM:
                self.verbatim = name.lower()

    @property
    def is_read(self) -> bool:
        return not (self.in_tag or self.verbatim)


def _held(stream: TokenStream) -> Iterator[Token]:
    place = _Place()
    for token in stream:
        line = token.lineno
        if token.type == "data":
            place.follow(token.value)
            yield Token(line, "data", no_break(token.value))
        elif token.type == "variable_begin" and place.is_read:
            yield from (token, Token(line, "lparen", "("))
        elif token.type == "variable_end" and place.is_read:
            yield from (Token(line, "rparen", ")"), Token(line, "pipe", "|"))
            yield from (Token(line, "name", _HELD), token)
        else:
            yield token
