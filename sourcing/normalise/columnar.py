"""fold and words of text.py for millions of rows: DuckDB macros that answer the same.

Plain ASCII, nearly all of the register, is worked out in SQL; any other text goes to the functions
themselves. Both rest on words being a matter of each blank-separated part of a text alone.
"""

from typing import Any

from sourcing.normalise.text import ELIDED, PLURALS, STOP_WORDS, fold, words


def _list(values: object) -> str:
    return "(" + ", ".join(f"'{value}'" for value in sorted(values)) + ")"  # type: ignore[call-overload]


_PLURALS = " ".join(f"WHEN '{plural}' THEN '{word}'" for plural, word in PLURALS.items())
MACROS = (
    "is_plain(t) AS NOT regexp_matches(t, '[^ -~]')",
    """folded(t) AS CASE WHEN is_plain(t)
        THEN trim(regexp_replace(upper(replace(t, '&', ' ET ')), '[^A-Z0-9]+', ' ', 'g'))
        ELSE exactly_folded(t) END""",
    # A dotted acronym is one word.
    r"has_acronym(t) AS regexp_matches(t, '[A-Za-z]\.[A-Za-z]\.')",
    rf"""parts(t) AS string_split(regexp_replace(
        regexp_replace(lower(t), '\b(?:{ELIDED})[''`]', ' ', 'g'), '[^a-z0-9]+', ' ', 'g'), ' ')""",
    f"""singular(w) AS CASE w {_PLURALS} ELSE
        CASE WHEN length(w) < 4 OR right(w, 1) NOT IN ('s', 'x') OR right(w, 2) = 'ss' THEN w
        WHEN right(w, 3) = 'aux' AND right(w, 4) <> 'eaux' AND length(w) > 4
        THEN left(w, -2) || 'l' ELSE left(w, -1) END END""",
    f"""plain_words(t) AS array_to_string(list_transform(list_filter(
        parts(t), lambda w: w <> '' AND w NOT IN {_list(STOP_WORDS)}),
        lambda w: singular(w)), ' ')""",
    """words_of(t) AS CASE WHEN is_plain(t) AND NOT has_acronym(t) THEN plain_words(t)
        ELSE exact_words(t) END""",
)


def teach(con: Any) -> None:
    """Give a DuckDB connection folded(text), and words_of(text): the words with spaces between."""
    con.create_function("exactly_folded", fold, ["VARCHAR"], "VARCHAR")
    con.create_function("exact_words", _joined, ["VARCHAR"], "VARCHAR")
    for macro in MACROS:
        con.execute(f"CREATE TEMP MACRO {macro}")


def _joined(text: str) -> str:
    return " ".join(words(text))
