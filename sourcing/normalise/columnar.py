"""fold and words of text.py for millions of rows: DuckDB macros that answer the same.

Plain ASCII, nearly all of the register, is worked out in SQL; any other text goes to the functions
themselves. Both rest on words being a matter of each blank-separated part of a text alone.
"""

from collections.abc import Iterable
from typing import Any

from sourcing.normalise.text import ELIDED, PLURALS, STOP_WORDS, fold, words


def _list(values: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in sorted(values)) + ")"


# Ends a word that words() gave: nothing changes it any more.
_EXACT = "."
_PLURALS = " ".join(f"WHEN '{plural}' THEN '{word}'" for plural, word in PLURALS.items())
# A CASE around a whole rule has it worked out twice: each goes around the text alone.
MACROS = (
    "is_ascii(t) AS strlen(t) = length(t)",
    # Most names are folded as they come, or have no sign: a look costs a third of replacing none.
    """folded(t) AS CASE WHEN regexp_full_match(t, '[A-Z0-9]+( [A-Z0-9]+)*') THEN t
        ELSE trim(regexp_replace(upper(replace(
            CASE WHEN is_ascii(t) THEN t ELSE exactly_folded(t) END, '&', ' ET ')),
            '[^A-Z0-9]+', ' ', 'g')) END""",
    "is_bare(t) AS NOT regexp_matches(t, '[^A-Za-z0-9 ]')",
    # A dotted acronym is one word.
    r"""is_plain(t) AS CASE WHEN NOT is_ascii(t) THEN false WHEN contains(t, '.')
        THEN NOT regexp_matches(t, '[A-Za-z]\.[A-Za-z]\.') ELSE true END""",
    rf"""unelided(t) AS CASE WHEN contains(t, '''') OR contains(t, '`')
        THEN regexp_replace(t, '\b(?:{ELIDED})[''`]', ' ', 'g') ELSE t END""",
    """parts(t) AS string_split(CASE WHEN is_bare(t) THEN lower(t) WHEN is_plain(t)
        THEN regexp_replace(unelided(lower(t)), '[^a-z0-9]+', ' ', 'g')
        ELSE exact_words(t) END, ' ')""",
    f"""is_telling(w) AS CASE WHEN length(w) > {max(map(len, STOP_WORDS))} THEN true
        ELSE w <> '' AND w NOT IN {_list(STOP_WORDS)} END""",
    f"""singular(w) AS CASE WHEN NOT (suffix(w, 's') OR suffix(w, 'x')) THEN w
        ELSE CASE w {_PLURALS} ELSE CASE WHEN length(w) < 4 OR right(w, 2) = 'ss' THEN w
        WHEN right(w, 3) = 'aux' AND right(w, 4) <> 'eaux' AND length(w) > 4
        THEN left(w, -2) || 'l' ELSE left(w, -1) END END END""",
    f"""words_of(t) AS replace(array_to_string(list_transform(list_filter(
        parts(t), lambda w: is_telling(w)), lambda w: singular(w)), ' '), '{_EXACT}', '')""",
)


def teach(con: Any, is_few: bool = False) -> None:
    """Give a DuckDB connection folded(text), and words_of(text): the words with spaces between.

    `is_few`: the functions themselves, which answer some hundred texts before the SQL is planned.
    """
    if is_few:
        con.create_function("folded", fold, ["VARCHAR"], "VARCHAR")
        con.create_function("words_of", _spaced, ["VARCHAR"], "VARCHAR")
        return
    con.create_function("exactly_folded", fold, ["VARCHAR"], "VARCHAR")
    con.create_function("exact_words", _joined, ["VARCHAR"], "VARCHAR")
    for macro in MACROS:
        con.execute(f"CREATE TEMP MACRO {macro}")


def _joined(text: str) -> str:
    return " ".join(word + _EXACT for word in words(text))


def _spaced(text: str) -> str:
    return " ".join(words(text))
