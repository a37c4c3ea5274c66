"""Lines as compared: names, streets and places reduced to canonical words, in DuckDB."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from sourcing.linking.desk import Columns, Desk, File, create, raw
from sourcing.linking.sql import (
    DONE,
    KNOWN,
    KNOWN_TOWN,
    LINE_BITS,
    MACROS,
    READS,
    SAID_OF_TOWN,
    STEPS,
)

WORDS = Path(__file__).resolve().parents[1] / "data" / "linking_words.csv"
# Mail and web hosts that say nothing of who uses them.
COMMON_HOSTS = [
    *("gmail.com", "orange.fr", "wanadoo.fr", "free.fr", "hotmail.fr", "hotmail.com", "yahoo.fr"),
    *("yahoo.com", "laposte.net", "sfr.fr", "outlook.fr", "outlook.com", "live.fr", "bbox.fr"),
    *("neuf.fr", "icloud.com", "facebook.com", "linkedin.com", "instagram.com", "twitter.com"),
    *("x.com", "youtube.com", "google.com", "wixsite.com", "wordpress.com"),
]

# Beyond so many lines, two threads make one table after the other.
MOST_AT_DESK = 10_000

Text = NDArray[Any]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
# Of a word in a name: it names the line's town or département; a field's width cut it short.
IS_PLACE, IS_CUT = 1, 2
__all__ = [
    "IS_CUT",
    "IS_PLACE",
    "LINE_BITS",
    "Keys",
    "Labels",
    "Lines",
    "Normaliser",
    "Text",
    "Vocabulary",
]


class Labels(NamedTuple):
    """A text per line: `values[code[line]]`, every value once."""

    code: NDArray[np.int32]
    values: Text

    @classmethod
    def of(cls, texts: Text) -> "Labels":
        """Values in the order they are first met."""
        said = texts.tolist()
        number = {text: i for i, text in enumerate(dict.fromkeys(said))}
        values = np.empty(len(number), dtype=object)
        values[:] = list(number)
        return cls(np.fromiter(map(number.__getitem__, said), np.int32, len(said)), values)


class Drafts(NamedTuple):
    """What lines say of their town, before towns tell each other anything."""

    town_name: Labels
    postcode: Labels
    town_code: Labels


class Vocabulary(NamedTuple):
    """The distinct words of names and streets, in the order of their marks (hashes)."""

    word: Text
    mark: Keys
    first: NDArray[np.uint8]  # letter
    length: NDArray[np.uint8]
    is_number: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lines:
    """Normalised lines: values per line, per name (alias), per word, and per look-up key."""

    count: int
    # siren departement postcode town town_code phone mail host: equal texts, equal marks; 0 unsaid
    marks: dict[str, Keys]
    towns: Labels
    is_cedex: NDArray[np.bool_]  # the town may be that of the post office
    streets: Labels
    # The name of the web site or of the mail's host, without its "www" and ".fr"; '' unsaid.
    sites: Labels
    # First and last street number ("3-5 rue"), 0 unsaid.
    number: NDArray[np.uint16]
    last_number: NDArray[np.uint16]
    # The site's number within its firm: the seat's is usually the lowest; 0 unsaid.
    nic: NDArray[np.uint32]
    kinds: Ints  # bits: what sort of body the names announce (CFA, ESAT, town hall…)
    alias_line: NDArray[np.int32]  # increasing
    alias_text: Text  # words in alphabetical order, those of the place left out
    # "FM FDM": initials without small words, and with them; first letter and both lengths
    alias_initials: Labels
    alias_shape: NDArray[np.uint8]
    word_alias: NDArray[np.int32]  # increasing
    word: NDArray[np.int32]  # numbers into the vocabulary, increasing in each alias
    word_flags: NDArray[np.uint8]
    street_line: NDArray[np.int32]  # increasing
    street_word: NDArray[np.int32]  # as word
    vocabulary: Vocabulary
    # Look-up keys: 40 bits of hash, then the line's number; and which channel each is of.
    keys: Keys
    key_channel: NDArray[np.uint8]


class Normaliser:
    """A DuckDB in memory with the vocabulary; knows the towns of the first lines it was given."""

    def __init__(self) -> None:
        self.turn, self.opening = Lock(), Lock()
        # Opened when something is asked: a base that is only brought up to date asks nothing.
        self.duck: Any = None
        vocabulary = _vocabulary()
        phrases = _phrase_sql([(p, c) for role, p, c in vocabulary if role == "phrase"])
        self.steps = {table: sql.replace("__PHRASES__", phrases) for table, sql in STEPS.items()}
        self.kinds: dict[str, int] = _kind_bits(
            [(p, c) for role, p, c in vocabulary if role == "kind"]
        )
        self.desks: list[Desk] = []
        self.knows_towns = False
        # What another taught it, which DuckDB has not been told yet.
        self.taught: Mapping[str, str] = {}
        # Of the first lines, from which the towns are known.
        self.drafts = Drafts(*(Labels.of(np.empty(0, dtype=object)) for _ in Drafts._fields))

    def _open(self) -> Any:
        duck = duckdb.connect()
        vocabulary = _vocabulary()
        hosts = ", ".join(f"'{host}'" for host in COMMON_HOSTS)
        known = "|".join(p for role, p, _ in vocabulary if role in ("word", "form", "stop"))
        phrase = "|".join(p.replace(" ", " +") for role, p, _ in vocabulary if role == "phrase")
        duck.execute("SET threads = 2")
        duck.execute(MACROS)
        duck.execute(f"CREATE MACRO common_hosts() AS [{hosts}]")
        duck.execute(f"CREATE MACRO has_known(s) AS regexp_matches(s, '\\b({known})\\b')")
        duck.execute(f"CREATE MACRO has_phrase(s) AS regexp_matches(s, '\\b({phrase})\\b')")
        words = list(zip(*(row for row in vocabulary if row[0] != "phrase"), strict=True))
        duck.execute(
            "CREATE TABLE vocabulary AS "
            "SELECT unnest(?) AS role, unnest(?) AS pattern, unnest(?) AS canonical",
            [list(column) for column in words],
        )
        duck.execute(KNOWN)
        duck.execute(
            "INSERT INTO known_town SELECT unnest(?), unnest(?)",
            [list(self.taught), [*self.taught.values()]],
        )
        return duck

    def lines(self, columns: Columns | File) -> Lines:
        """Normalise; `columns` are COLUMNS, all of one length, every value a text.

        Once the towns are known, several threads may ask at once.
        """
        if isinstance(columns, File) or not self.knows_towns or len(columns["name"]) > MOST_AT_DESK:
            with self.tables(columns) as duck:
                return self._lines(_read(duck))
        try:
            desk = self.desks.pop()
        except IndexError:
            desk = Desk(self._connection(), self.steps)
        read = desk.read(columns)
        self.desks.append(desk)
        return self._lines(read)

    @contextmanager
    def tables(self, columns: Columns | File) -> Iterator[Any]:
        """A connection with the tables of STEPS for these lines, gone with it."""
        with self.turn, self._connection() as duck:
            duck.execute("SET threads = 2")
            # Tables are cut in parts so large that two threads would share one line in ten.
            duck.execute("PRAGMA verify_parallelism")
            create(duck, "raw", *raw(duck, columns))
            for table, sql in self.steps.items():
                create(duck, table, sql)
                if table == "draft" and not self.knows_towns:
                    create(duck, "said_of_town", SAID_OF_TOWN)
                    duck.execute(KNOWN_TOWN)
                    self.knows_towns, self.drafts = True, _drafts(duck)
                for done in DONE.get(table, ()):
                    duck.execute(f"DROP TABLE {done}")
            yield duck

    def _connection(self) -> Any:
        with self.opening:
            self.duck = self.duck or self._open()
        duck = self.duck.cursor()
        # It would be drawn in the middle of what a command answers.
        duck.execute("SET enable_progress_bar = false")
        return duck

    def draft(self, columns: Columns) -> Drafts:
        """What these lines say of their towns; nothing is learnt of it."""
        with self._connection() as duck:
            create(duck, "raw", *raw(duck, columns))
            create(duck, "draft", self.steps["draft"])
            return _drafts(duck)

    def learn(self, drafts: Drafts) -> None:
        """Know the towns of all these lines, as if they were the first."""
        with self._connection() as duck:
            duck.register("drafts", _once(drafts))
            create(duck, "said_of_town", "FROM drafts")
            duck.execute(KNOWN_TOWN)
        self.knows_towns, self.drafts = True, drafts

    def towns(self) -> dict[str, str]:
        """What the first lines told of places: see KNOWN_TOWN."""
        if self.taught:
            return dict(self.taught)
        with self._connection() as duck:
            return dict(duck.execute("FROM known_town ORDER BY ALL").fetchall())

    def learn_towns(self, towns: Mapping[str, str]) -> None:
        """What another normaliser learned of the same lines."""
        self.taught, self.knows_towns = towns, True

    def _lines(self, read: Mapping[str, dict[str, Any]]) -> Lines:
        count = len(read["places"]["number"])
        names, words, places = read["names"], read["words"], read["places"]
        return Lines(
            count,
            read["marks"],
            Labels.of(places["town"]),
            places["is_cedex"],
            Labels.of(places["street"]),
            Labels.of(places["site"]),
            places["number"],
            places["last_number"],
            places["nic"],
            self._kinds(count, read["kinds"]),
            names["line"].astype(np.int32),
            names["text"],
            Labels.of(names["initials"]),
            np.column_stack([names[part] for part in ("first", "least", "most")]),
            words["alias"].astype(np.int32),
            words["term"].astype(np.int32),
            words["flags"],
            read["street_words"]["line"].astype(np.int32),
            read["street_words"]["term"].astype(np.int32),
            Vocabulary(**read["vocabulary"]),
            read["keys"]["key"],
            read["keys"]["channel"],
        )

    def _kinds(self, count: int, found: dict[str, Any]) -> Ints:
        bits = np.array([self.kinds[w] for w in found["word"]], dtype=np.int64)
        kinds = np.zeros(count, dtype=np.int64)
        np.bitwise_or.at(kinds, found["line"].astype(np.int64), bits)
        return kinds


def _drafts(duck: Any) -> Drafts:
    read = duck.execute(
        "SELECT town_name, postcode, town_code FROM draft ORDER BY line"
    ).fetchnumpy()
    return Drafts(*(Labels.of(np.asarray(read[name])) for name in Drafts._fields))


def _once(drafts: Drafts) -> dict[str, NDArray[Any]]:
    """What lines say of their towns, each once: SAID_OF_TOWN of them all."""
    sizes = [len(said.values) for said in drafts]
    if not all(sizes):
        return {name: np.empty(0, dtype=object) for name in Drafts._fields} | {"often": np.empty(0)}
    packed = np.ravel_multi_index([said.code for said in drafts], sizes)
    packed, often = np.unique(packed, return_counts=True)
    codes = np.unravel_index(packed, sizes)
    texts = (said.values[code] for said, code in zip(drafts, codes, strict=True))
    return dict(zip(Drafts._fields, texts, strict=True)) | {"often": often}


def _read(duck: Any) -> dict[str, dict[str, Any]]:
    return {name: duck.execute(sql).fetchnumpy() for name, sql in READS.items()}


def _vocabulary() -> list[tuple[str, str, str]]:
    with WORDS.open(encoding="utf-8", newline="") as file:
        return [(row["role"], row["pattern"], row["canonical"]) for row in csv.DictReader(file)]


def _phrase_sql(phrases: Sequence[tuple[str, str]]) -> str:
    """One nested replacement."""
    sql = "plain"
    for pattern, canonical in phrases:
        # A pattern may take the space after it: spaces around, any number between words.
        spaced = pattern.replace(" ", " +")
        sql = f"regexp_replace({sql}, '\\b({spaced})\\b', ' {canonical} ', 'g')"
    return sql


def _kind_bits(kinds: Sequence[tuple[str, str]]) -> dict[str, int]:
    order: dict[str, int] = defaultdict(lambda: len(order))
    bits: dict[str, int] = defaultdict(int)
    for word, kind in kinds:
        bits[word] |= 1 << order[kind]
    return dict(bits)
