"""Lines as compared: names, streets and places reduced to canonical words, in DuckDB."""

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sourcing.linking.sql import (
    ALIAS,
    CHANNELS,
    KNOWN_TOWN,
    LINE,
    MACROS,
    STREET_WORD,
    WHOLE_LINE,
    WORD,
)

WORDS = Path(__file__).resolve().parents[1] / "data" / "linking_words.csv"
# What a line may say; a missing column is read as empty everywhere. `other` is " | "-separated.
COLUMNS = (
    "name",
    "other",
    "siret",
    "siren",
    "address",
    "postcode",
    "town",
    "town_code",
    "phone",
    "email",
    "website",
)
# Mail and web hosts that say nothing of who uses them.
COMMON_HOSTS = [
    *("gmail.com", "orange.fr", "wanadoo.fr", "free.fr", "hotmail.fr", "hotmail.com", "yahoo.fr"),
    *("yahoo.com", "laposte.net", "sfr.fr", "outlook.fr", "outlook.com", "live.fr", "bbox.fr"),
    *("neuf.fr", "icloud.com", "facebook.com", "linkedin.com", "instagram.com", "twitter.com"),
    *("x.com", "youtube.com", "google.com", "wixsite.com", "wordpress.com"),
]

Text = NDArray[Any]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Lines:
    """Normalised lines: values per line, per name (alias), per word, and per look-up key."""

    count: int
    facts: dict[
        str, Text
    ]  # siret siren departement postcode town town_code number street phone host mail
    kinds: Ints  # bits: what sort of body the names announce (CFA, ESAT, town hall…)
    alias_line: Ints  # increasing
    alias_text: Text
    word_alias: Ints  # increasing
    word_key: Keys
    words: dict[int, str]  # word_key -> the word
    key_line: Ints
    key: Keys
    key_channel: Text


class Normaliser:
    """A DuckDB in memory with the vocabulary; knows the towns of the first lines it was given."""

    def __init__(self) -> None:
        self.duck = duckdb.connect()
        self.duck.execute("SET threads = 2")
        vocabulary = _vocabulary()
        self.duck.execute(MACROS)
        self.duck.execute(
            "CREATE TABLE vocabulary (role VARCHAR, pattern VARCHAR, canonical VARCHAR)"
        )
        self.duck.executemany(
            "INSERT INTO vocabulary VALUES (?, ?, ?)",
            [list(row) for row in vocabulary if row[0] != "phrase"],
        )
        self.duck.execute("CREATE TABLE kind AS SELECT * FROM vocabulary WHERE role = 'kind'")
        self.duck.execute("CREATE TABLE known_town (town VARCHAR, departement VARCHAR)")
        self.phrases = _phrase_sql([(p, c) for role, p, c in vocabulary if role == "phrase"])
        self.kinds: dict[str, int] = _kind_bits(
            [(p, c) for role, p, c in vocabulary if role == "kind"]
        )
        self.knows_towns = False

    def lines(self, columns: dict[str, Sequence[str]]) -> Lines:
        """Normalise; `columns` are COLUMNS, all of one length, every value a text."""
        count = len(columns["name"])
        raw = pd.DataFrame(
            {"line": np.arange(count)}
            | {c: list(columns[c]) if c in columns else [""] * count for c in COLUMNS},
            dtype=object,
        )
        raw["line"] = raw["line"].astype("int64")
        self.duck.register("raw_frame", raw)
        self.duck.execute("CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM raw_frame")
        self.duck.unregister("raw_frame")
        self._places()
        self.duck.execute(ALIAS.replace("__PHRASES__", self.phrases))
        self.duck.execute(WORD)
        return self._read(count)

    def _places(self) -> None:
        self.duck.execute(LINE)
        if not self.knows_towns:
            self.duck.execute(KNOWN_TOWN)
            self.knows_towns = True
        self.duck.execute(STREET_WORD)
        self.duck.execute(WHOLE_LINE, {"hosts": COMMON_HOSTS})

    def _read(self, count: int) -> Lines:
        facts = self._fetch(
            "SELECT siret, siren, departement, postcode, town, town_code, number, street, phone, "
            "mail, host FROM line ORDER BY line"
        )
        alias = self._fetch("SELECT line, text FROM alias ORDER BY alias")
        word = self._fetch(
            "SELECT alias, hash(word) AS key, word FROM (SELECT DISTINCT alias, "
            "unnest(string_split(text, ' ')) AS word FROM alias) ORDER BY alias, word"
        )
        keys = self._fetch(
            " UNION ALL ".join(
                f"SELECT DISTINCT line, hash(k) AS key, '{name}' AS channel FROM ({sql}) t(line, k)"  # noqa: S608
                for name, sql in CHANNELS.items()
            )
        )
        words = dict(zip(word["key"].tolist(), word["word"].tolist(), strict=True))
        return Lines(
            count,
            facts,
            self._kinds(count),
            alias["line"],
            alias["text"],
            word["alias"],
            word["key"].astype(np.uint64),
            words,
            keys["line"],
            keys["key"].astype(np.uint64),
            keys["channel"],
        )

    def _kinds(self, count: int) -> Ints:
        found = self._fetch(
            "SELECT line, word FROM word WHERE list_contains($kinds, word)",
            {"kinds": list(self.kinds)},
        )
        bits = np.array([self.kinds[w] for w in found["word"]], dtype=np.int64)
        kinds = np.zeros(count, dtype=np.int64)
        np.bitwise_or.at(kinds, found["line"].astype(np.int64), bits)
        return kinds

    def _fetch(self, sql: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = self.duck.execute(sql, parameters or {}).fetchnumpy()
        return result


def _vocabulary() -> list[tuple[str, str, str]]:
    with WORDS.open(encoding="utf-8", newline="") as file:
        return [(row["role"], row["pattern"], row["canonical"]) for row in csv.DictReader(file)]


def _phrase_sql(phrases: Sequence[tuple[str, str]]) -> str:
    """One nested replacement, tried only on names that may hold a phrase."""
    sql = "name"
    for pattern, canonical in phrases:
        # A pattern may take the space after it: spaces around, any number between words.
        spaced = pattern.replace(" ", " +")
        sql = f"regexp_replace({sql}, '\\b({spaced})\\b', ' {canonical} ', 'g')"
    return f"CASE WHEN regexp_matches(name, '{_first_words(phrases)}') THEN {sql} ELSE name END"


def _first_words(phrases: Sequence[tuple[str, str]]) -> str:
    """A pattern every name with a phrase in it matches: the first letters of the phrases."""
    firsts = [re.sub(r"[A-Z]\?|\\b", "", pattern.split(" ")[0]) for pattern, _ in phrases]
    starts = {letters for first in firsts for letters in re.findall(r"[A-Z0-9]{2,}", first)}
    return "|".join(sorted(starts))


def _kind_bits(kinds: Sequence[tuple[str, str]]) -> dict[str, int]:
    order: dict[str, int] = defaultdict(lambda: len(order))
    bits: dict[str, int] = defaultdict(int)
    for word, kind in kinds:
        bits[word] |= 1 << order[kind]
    return dict(bits)
