"""Lines as compared: names, streets and places reduced to canonical words, all in DuckDB at once."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

WORDS = Path(__file__).resolve().parents[1] / "data" / "linking_words.csv"
# What a line may say; a missing column is read as empty everywhere. `other` is " | "-separated.
COLUMNS = ("name", "other", "siret", "siren", "address", "postcode", "town", "town_code",
           "phone", "email", "website")
# Mail and web hosts that say nothing of who uses them.
COMMON_HOSTS = ("gmail.com orange.fr wanadoo.fr free.fr hotmail.fr hotmail.com yahoo.fr yahoo.com laposte.net "
                "sfr.fr outlook.fr outlook.com live.fr bbox.fr neuf.fr icloud.com facebook.com linkedin.com "
                "instagram.com twitter.com x.com youtube.com google.com wixsite.com wordpress.com").split()

Text = NDArray[Any]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Lines:
    """Normalised lines: one value per line, then one per name (alias), per word, and per look-up key."""

    count: int
    facts: dict[str, Text]  # siret siren departement postcode town town_code number street phone host mail
    kinds: Ints  # bits: what sort of body the names announce (CFA, ESAT, town hall…)
    alias_line: Ints  # increasing
    alias_text: Text
    word_alias: Ints  # increasing
    word_key: Keys
    words: dict[int, str]  # word_key -> the word
    place_words: Ints  # bits of nothing: 1 when the word is part of the line's own town
    key_line: Ints
    key: Keys
    key_channel: Text


# The look-up keys of each channel: two lines that share one may be the same supplier.
CHANNELS = {
    "word": "SELECT line, 'w' || word FROM word",
    "word@departement": "SELECT line, 'd' || departement || word FROM word JOIN line USING (line) "
                        "WHERE departement <> ''",
    "word@town": "SELECT line, 't' || town || word FROM word JOIN line USING (line) WHERE town <> ''",
    "word@postcode": "SELECT line, 'p' || postcode || word FROM word JOIN line USING (line) "
                     "WHERE postcode <> ''",
    "kind@town": "SELECT line, 'k' || town || canonical FROM word JOIN line USING (line) "
                 "JOIN kind ON pattern = word WHERE town <> ''",
    "start@town": "SELECT line, 'b' || departement || left(word, 5) FROM word JOIN line USING (line) "
                  "WHERE length(word) > 5 AND departement <> ''",
    "gram@town": "SELECT line, 'g' || town || substr(text, i, 4) FROM (SELECT line, text, "
                 "unnest(range(1, length(text) - 2)) AS i FROM "
                 "(SELECT line, replace(text, ' ', '') AS text FROM alias)) "
                 "JOIN line USING (line) WHERE town <> ''",
    "acronym": "SELECT line, 'd' || departement || initials FROM alias JOIN line USING (line) "
               "WHERE length(initials) > 2 AND departement <> ''",
    "door": "SELECT line, 'a' || departement || number || list_last(string_split(street, ' ')) "
            "FROM line WHERE number <> '' AND street <> '' AND departement <> ''",
    "street@town": "SELECT line, 's' || town || unnest(string_split(street, ' ')) FROM line "
                   "WHERE street <> '' AND town <> ''",
    "street@postcode": "SELECT line, 'q' || postcode || unnest(string_split(street, ' ')) FROM line "
                       "WHERE street <> '' AND postcode <> ''",
    "phone": "SELECT line, 'f' || phone FROM line WHERE phone <> ''",
    "mail": "SELECT line, 'm' || mail FROM line WHERE mail <> ''",
    "host": "SELECT line, 'h' || host FROM line WHERE host <> ''",
    "siren": "SELECT line, 'n' || siren FROM line WHERE siren <> ''",
}

FOLD = """
CREATE OR REPLACE MACRO upper_plain(s) AS strip_accents(upper(replace(replace(replace(s,
    'œ', 'oe'), 'Œ', 'OE'), '&', ' ET ')));
CREATE OR REPLACE MACRO fold(s) AS trim(regexp_replace(upper_plain(s), '[^A-Z0-9]+', ' ', 'g'));
-- "S.A.R.L." and "A P F" become one word; "L ISLE" and "M.MARTIN" stay two.
CREATE OR REPLACE MACRO joined(s) AS replace(regexp_replace(regexp_replace(trim(regexp_replace(
    regexp_replace(upper_plain(s), '\\b([A-Z])[.]', '\\1~', 'g'), '[^A-Z0-9~]+', ' ', 'g')),
    '\\b([A-Z]) ', '\\1~', 'g'), '~ ?([A-Z0-9]{2})', ' \\1', 'g'), '~', '');
CREATE OR REPLACE MACRO town_of(s) AS trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(fold(s), '\\b(CEDEX|CDX)\\b.*', ''), '\\b\\d+\\s?(ER?|EME|E)?\\b|\\bARRONDISSEMENT\\b', ' ', 'g'),
    '\\bST\\b', 'SAINT', 'g'), '\\bSTE\\b', 'SAINTE', 'g'),
    '\\b(L|LE|LA|LES|D|DE|DU|DES|SUR|S|EN|ET|AUX?)\\b| ', '', 'g'));
-- A French INSEE or postal code -> its département, overseas on three digits, Corsica as 20.
CREATE OR REPLACE MACRO departement_of(code) AS CASE WHEN left(code, 2) IN ('97', '98') THEN left(code, 3)
    WHEN left(code, 2) IN ('2A', '2B') THEN '20' ELSE left(code, 2) END;
CREATE OR REPLACE MACRO door_of(s) AS coalesce(nullif(nullif(regexp_extract(s,
    '\\b0*(\\d{1,4}) ?(BIS|TER|QUATER|[A-D])? (RUE|R|AVENUE|AV|BOULEVARD|BD|PLACE|PL|CHEMIN|CHE|ROUTE|RTE'
    '|ALLEE|ALL|IMPASSE|IMP|QUAI|COURS|CRS)\\b', 1), ''), '0'),
    nullif(nullif(regexp_extract(s, '^0*(\\d{1,4})\\b', 1), ''), '0'), '');
CREATE OR REPLACE MACRO street_of(s) AS trim(regexp_replace(regexp_replace(regexp_replace(fold(s),
    '\\b\\d{5}\\b.*', ''), '\\b(BP|CS|TSA|BOITE POSTALE|CEDEX|RD|RN|CD|D|N) ?\\d+( \\d+)?\\b|\\bBP\\b|\\bCS\\b', ' ', 'g'),
    '\\b(DE|DU|DES|D|LA|LE|LES|L|ET|AU|AUX|A|BIS|TER|N|EN|SUR|B)\\b', ' ', 'g'));
"""

LINE = """
CREATE OR REPLACE TEMP TABLE draft AS SELECT line, siret,
    CASE WHEN siren <> '' THEN siren ELSE left(siret, 9) END AS siren, postcode,
    CASE WHEN regexp_matches(town, '^[0-9][0-9AB][0-9]{3}$') THEN '' ELSE town_of(town) END AS town_name,
    CASE WHEN town_code <> '' THEN town_code
         WHEN regexp_matches(town, '^[0-9][0-9AB][0-9]{3}$') THEN town ELSE '' END AS town_code,
    fold(address) AS address, street_of(address) AS street, right(regexp_replace(phone, '\\D', '', 'g'), 9) AS phone,
    lower(trim(email)) AS mail, regexp_extract(lower(email), '@(.+)$', 1) AS mail_host,
    regexp_extract(lower(website), '^(?:https?://)?(?:www\\.)?([^/:? ]+\\.[a-z]+)', 1) AS site FROM raw
"""

WHOLE_LINE = """
CREATE OR REPLACE TEMP TABLE line AS SELECT d.line, siret, siren, postcode, d.town_code,
    CASE WHEN d.town_name <> '' THEN d.town_name ELSE d.town_code END AS town,
    CASE WHEN postcode <> '' THEN departement_of(postcode) WHEN d.town_code <> '' THEN departement_of(d.town_code)
         ELSE coalesce(k.departement, '') END AS departement,
    door_of(address) AS number, coalesce(s.street, '') AS street, phone, mail,
    CASE WHEN site <> '' AND NOT list_contains($hosts, site) THEN site
         WHEN mail_host <> '' AND NOT list_contains($hosts, mail_host) THEN mail_host ELSE '' END AS host
FROM draft d LEFT JOIN known_town k ON k.town = d.town_name
LEFT JOIN (SELECT line, string_agg(word, ' ' ORDER BY i) AS street FROM street_word WHERE word <> '' GROUP BY line) s
    ON s.line = d.line ORDER BY d.line
"""

STREET_WORD = """
CREATE OR REPLACE TEMP TABLE street_word AS
SELECT line, i, coalesce(v.canonical, w) AS word FROM (
    SELECT line, unnest(string_split(street, ' ')) AS w, generate_subscripts(string_split(street, ' '), 1) AS i
    FROM draft WHERE street <> '') t
LEFT JOIN vocabulary v ON v.pattern = t.w AND v.role = 'streetword'
WHERE NOT regexp_matches(w, '^\\d*$') AND t.w NOT IN (SELECT pattern FROM vocabulary WHERE role = 'street')
"""

ALIAS = """
CREATE OR REPLACE TEMP TABLE draft_alias AS
WITH said AS (SELECT line, unnest(list_concat([name], string_split(other, ' | '))) AS name FROM raw),
piece AS (SELECT line, unnest(list_concat([name],
    CASE WHEN contains(name, '(') THEN list_append(regexp_extract_all(name, '\\(([^)]*)', 1),
        regexp_replace(name, '\\([^)]*\\)?', ' ', 'g')) ELSE [] END,
    CASE WHEN regexp_matches(name, ' [-–—] |/') THEN string_split_regex(name, ' [-–—] |/') ELSE [] END
    )) AS name FROM said WHERE name <> ''),
folded AS (SELECT DISTINCT line, joined(name) AS name FROM piece)
SELECT row_number() OVER (ORDER BY line, name) - 1 AS alias, line, {phrases} AS text FROM folded WHERE name <> ''
"""

WORD = """
CREATE OR REPLACE TEMP TABLE said_word AS
SELECT alias, line, i, coalesce(v.canonical, w) AS word, f.role IS NOT NULL AS is_form FROM (
    SELECT alias, line, unnest(string_split(text, ' ')) AS w,
           generate_subscripts(string_split(text, ' '), 1) AS i FROM draft_alias) t
LEFT JOIN vocabulary v ON v.pattern = t.w AND v.role = 'word'
LEFT JOIN vocabulary f ON f.pattern = t.w AND f.role = 'form'
WHERE w <> '' AND t.w NOT IN (SELECT pattern FROM vocabulary WHERE role = 'stop');
CREATE OR REPLACE TEMP TABLE alias_word AS
SELECT alias, line, i, word FROM said_word
QUALIFY NOT is_form OR bool_and(is_form) OVER (PARTITION BY alias);
CREATE OR REPLACE TEMP TABLE alias AS SELECT row_number() OVER (ORDER BY line, text) - 1 AS alias, line, text,
    initials FROM (SELECT DISTINCT line, text, initials FROM (SELECT line, string_agg(word, ' ' ORDER BY i) AS text,
    string_agg(left(word, 1), '' ORDER BY i) AS initials FROM alias_word GROUP BY alias, line));
CREATE OR REPLACE TEMP TABLE word AS SELECT DISTINCT line, word FROM alias_word;
"""


class Normaliser:
    """A DuckDB in memory with the vocabulary; knows the towns of the first lines it was given."""

    def __init__(self) -> None:
        self.duck = duckdb.connect()
        self.duck.execute("SET threads = 2")
        vocabulary = _vocabulary()
        self.duck.execute(FOLD)
        self.duck.execute("CREATE TABLE vocabulary (role VARCHAR, pattern VARCHAR, canonical VARCHAR)")
        self.duck.executemany("INSERT INTO vocabulary VALUES (?, ?, ?)",
                              [list(row) for row in vocabulary if row[0] != "phrase"])
        self.duck.execute("CREATE TABLE kind AS SELECT * FROM vocabulary WHERE role = 'kind'")
        self.duck.execute("CREATE TABLE known_town (town VARCHAR, departement VARCHAR)")
        self.phrases = _phrase_sql([(p, c) for role, p, c in vocabulary if role == "phrase"])
        self.kinds: dict[str, int] = _kind_bits([(p, c) for role, p, c in vocabulary if role == "kind"])
        self.knows_towns = False

    def lines(self, columns: dict[str, Sequence[str]]) -> Lines:
        """Normalise; `columns` are COLUMNS, all of one length, every value a text."""
        count = len(columns["name"])
        raw = pd.DataFrame({"line": np.arange(count)} | {
            c: list(columns[c]) if c in columns else [""] * count for c in COLUMNS}, dtype=object)
        raw["line"] = raw["line"].astype("int64")
        self.duck.register("raw_frame", raw)
        self.duck.execute("CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM raw_frame")
        self.duck.unregister("raw_frame")
        self._places()
        self.duck.execute(ALIAS.format(phrases=self.phrases))
        self.duck.execute(WORD)
        return self._read(count)

    def _places(self) -> None:
        self.duck.execute(LINE)
        if not self.knows_towns:
            # Lists often say only the town: the base tells which département has the one of that name.
            self.duck.execute("""INSERT INTO known_town SELECT town_name, mode(departement_of(postcode)) FROM draft
                WHERE town_name <> '' AND postcode <> '' GROUP BY town_name
                HAVING count(DISTINCT departement_of(postcode)) = 1""")
            self.knows_towns = True
        self.duck.execute(STREET_WORD)
        self.duck.execute(WHOLE_LINE, {"hosts": COMMON_HOSTS})

    def _read(self, count: int) -> Lines:
        facts = self._fetch("SELECT siret, siren, departement, postcode, town, town_code, number, street, phone, "
                            "mail, host FROM line ORDER BY line")
        alias = self._fetch("SELECT line, text FROM alias ORDER BY alias")
        word = self._fetch("SELECT alias, hash(word) AS key, word FROM (SELECT DISTINCT alias, "
                           "unnest(string_split(text, ' ')) AS word FROM alias) ORDER BY alias, word")
        keys = self._fetch(" UNION ALL ".join(
            f"SELECT DISTINCT line, hash(k) AS key, '{channel}' AS channel FROM ({sql}) AS t(line, k)"
            for channel, sql in CHANNELS.items()))
        words = dict(zip(word["key"].tolist(), word["word"].tolist(), strict=True))
        return Lines(count, facts, self._kinds(count), alias["line"], alias["text"], word["alias"],
                     word["key"].astype(np.uint64), words, np.zeros(0, np.int64),
                     keys["line"], keys["key"].astype(np.uint64), keys["channel"])

    def _kinds(self, count: int) -> Ints:
        found = self._fetch("SELECT line, word FROM word WHERE list_contains($kinds, word)",
                            {"kinds": list(self.kinds)})
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
    """One nested replacement, tried only on names that hold a word some phrase begins with."""
    sql = "name"
    for pattern, canonical in phrases:
        sql = f"regexp_replace({sql}, '\\b({pattern})\\b', '{canonical}', 'g')"
    return sql


def _kind_bits(kinds: Sequence[tuple[str, str]]) -> dict[str, int]:
    order: dict[str, int] = defaultdict(lambda: len(order))
    bits: dict[str, int] = defaultdict(int)
    for word, kind in kinds:
        bits[word] |= 1 << order[kind]
    return dict(bits)
