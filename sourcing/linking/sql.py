"""The SQL of normalisation: macros, then one statement per table, in the order they are run."""

from collections.abc import Mapping


def _at(place: str, letter: str, text: str = "word", only: str = "true") -> str:
    """A key within a place, of lines that say the place."""
    return f"CASE WHEN {place} <> '' AND {only} THEN '{letter}' || {place} || {text} END"


_LONG = "length(word) > 3"
# Four letters in a row of a text in one word, for each place of its first.
_GRAMS = """(SELECT line, town, text, unnest(range(1, length(text) - 2)) AS i FROM (
    SELECT line, town, replace({text}, '{space}', '') AS text FROM {table} WHERE town <> ''))"""
# The look-up keys: from which table, and each channel's key or NULL. Two lines that share one may
# be the same supplier.
KEYED = (
    ("word", {
        "word": "'w' || word",
        "word@departement": _at("departement", "d"),
        "word@town": _at("town", "t"),
        "word@postcode": _at("postcode", "p"),
        "start@town": _at("departement", "b", "left(word, 5)", "length(word) > 5"),
    }),
    ("word JOIN kind ON pattern = word", {"kind@town": _at("town", "k", "canonical")}),
    (_GRAMS.format(table="alias", text="text", space=" "),
     {"gram@town": "'g' || town || substr(text, i, 4)"}),
    # "ateliers-du-scorff.fr" is found by the words it is made of, or by its letters.
    ("(SELECT line, departement, unnest(string_split(site, '-')) AS word FROM line)",
     {"site@departement": _at("departement", "d", only="word <> ''")}),
    (_GRAMS.format(table="line", text="site", space="-"),
     {"site@town": "'g' || town || substr(text, i, 4)"}),
    ("alias", {"acronym": _at("departement", "d", "initials", "length(initials) > 2")}),
    ("line", {
        "door": _at("departement", "a", "number || list_last(string_split(street, ' '))",
                    "number > 0 AND street <> ''"),
        "phone": _at("phone", "f", "''"),
        "mail": _at("mail", "m", "''"),
        "host": _at("host", "h", "''"),
        "siren": _at("siren", "n", "''"),
    }),
    # A hamlet or an estate is the name of one and the address of the other.
    ("way_word JOIN line USING (way)", {
        "street@town": _at("town", "s"),
        "street@departement": _at("departement", "e", only=_LONG),
        "place@town": _at("town", "t", only=_LONG),
        "street@postcode": _at("postcode", "q"),
    }),
)  # fmt: skip
CHANNELS = tuple(channel for _, keys in KEYED for channel in keys)

MACROS = r"""
CREATE MACRO upper_plain(s) AS
    strip_accents(upper(replace(replace(replace(s, 'œ', 'oe'), 'Œ', 'OE'), '&', ' ET ')));
CREATE MACRO fold(s) AS trim(regexp_replace(upper_plain(s), '[^A-Z0-9]+', ' ', 'g'));
-- A fact as compared: 0 when it is not said.
CREATE MACRO mark(s) AS CASE WHEN s = '' THEN 0::UBIGINT ELSE hash(s) END;

-- In plain capitals, "S.A.R.L." and "A P F" become one word; "L ISLE" and "M.MARTIN" stay two.
CREATE MACRO is_tied(s) AS regexp_full_match(s, '[A-Z0-9]{2,}( [A-Z0-9]{2,})*');
CREATE MACRO tied(s) AS regexp_replace(trim(regexp_replace(
    regexp_replace(s, '\b([A-Z])[.]', '\1~', 'g'), '[^A-Z0-9~]+', ' ', 'g')),
    '\b([A-Z]) ', '\1~', 'g');
CREATE MACRO joined(s) AS CASE WHEN is_tied(s) THEN s ELSE
    replace(regexp_replace(tied(s), '~ ?([A-Z0-9]{2})', ' \1', 'g'), '~', '') END;

-- A town in one word, without CEDEX (even cut short), arrondissement, articles and small words.
CREATE MACRO bare_town(s) AS regexp_replace(regexp_replace(fold(s), '\b(CEDEX|CDX|CEDE?$).*', ''),
    '\b\d+\s?(ER?|EME|E)?\b|\bARRONDISSEMENT\b', ' ', 'g');
CREATE MACRO town_of(s) AS regexp_replace(regexp_replace(regexp_replace(bare_town(s),
    '\bST\b', 'SAINT', 'g'), '\bSTE\b', 'SAINTE', 'g'),
    '\b(L|LE|LA|LES|D|DE|DU|DES|SUR|S|EN|ET|AUX?)\b| ', '', 'g');
-- A post office's town: it says CEDEX, or has a code no town has (but in the three cities).
CREATE MACRO is_cedex(town, postcode) AS regexp_matches(upper(town), '\b(CEDEX|CDX|CEDE?$)')
    OR (right(postcode, 1) BETWEEN '1' AND '9' AND left(postcode, 2) NOT IN ('13', '69', '75'));
CREATE MACRO is_code(s) AS regexp_matches(s, '^[0-9][0-9AB][0-9]{3}$');

-- A French INSEE or postal code -> its département, overseas on three digits, Corsica as 20.
CREATE MACRO departement_of(code) AS CASE
    WHEN left(code, 2) IN ('97', '98') THEN left(code, 3)
    WHEN left(code, 2) IN ('2A', '2B') THEN '20' ELSE left(code, 2) END;

-- "www.les-ateliers.asso.fr" -> "LES-ATELIERS".
CREATE MACRO label_of(host) AS upper(regexp_extract(host,
    '([a-z0-9-]+)(\.(asso|gouv|co|com|org|net))?\.[a-z]+$', 1));

-- The street numbers of a folded address: those before a kind of street, else its first.
CREATE MACRO doors_of(s) AS coalesce(
    nullif(regexp_extract(s, '\b(\d{1,4}(?: (?:A |ET |AU )?\d{1,4})?) ?(BIS|TER|QUATER|[A-Z])? '
        '(RUE|R|AVENUE|AV|BOULEVARD|BD|PLACE|PL|CHEMIN|CHE|ROUTE|RTE|ALLEE|ALL|IMPASSE|IMP'
        '|QUAI|COURS|CRS)\b', 1), ''),
    regexp_extract(s, '^(\d{1,4}(?: (?:A |ET |AU )?\d{1,4})?)\b', 1));
CREATE MACRO number_at(doors, place) AS
    coalesce(try_cast(list_extract(regexp_extract_all(doors, '\d+'), place) AS USMALLINT), 0);
CREATE MACRO street_of(s) AS trim(regexp_replace(regexp_replace(regexp_replace(s,
    '\b\d{5}\b.*', ''),
    '\b(BP|CS|TSA|BOITE POSTALE|CEDEX|RD|RN|CD|D|N) ?\d+( \d+)?\b|\bBP\b|\bCS\b', ' ', 'g'),
    '\b(DE|DU|DES|D|LA|LE|LES|L|ET|AU|AUX|A|BIS|TER|N|EN|SUR|B)\b', ' ', 'g'));
"""

KNOWN = """
CREATE TABLE kind AS SELECT * FROM vocabulary WHERE role = 'kind';
CREATE TABLE known_word AS SELECT pattern, max(canonical) FILTER (role = 'word') AS canonical,
    bool_or(role = 'form') AS is_form, bool_or(role = 'stop') AS is_stop
FROM vocabulary WHERE role IN ('word', 'form', 'stop') GROUP BY pattern;
CREATE TABLE known_street AS SELECT pattern, max(canonical) FILTER (role = 'streetword')
    AS canonical, bool_or(role = 'street') AS is_type
FROM vocabulary WHERE role IN ('streetword', 'street') GROUP BY pattern;
CREATE TABLE known_departement AS
SELECT pattern AS word, unnest(string_split(canonical, ' ')) AS departement
FROM vocabulary WHERE role = 'departement';
CREATE TABLE known_town (place VARCHAR, known VARCHAR);
"""

# Each distinct town is read once, and each distinct address without the number it begins with.
DRAFT = r"""
WITH place AS (
    SELECT town, postcode, is_code(town) AS is_coded, is_cedex(town, postcode) AS is_cedex,
        CASE WHEN is_code(town) THEN '' ELSE town_of(town) END AS town_name
    FROM (SELECT DISTINCT town, postcode FROM raw))
SELECT line, postcode, coalesce(try_cast(right(siret, 5) AS UINTEGER), 0) AS nic,
    CASE WHEN siren <> '' THEN siren ELSE left(siret, 9) END AS siren, town_name,
    CASE WHEN town_code <> '' THEN town_code WHEN is_coded THEN town ELSE '' END AS town_code,
    is_cedex, try_cast(door AS USMALLINT) AS door, substr(address, length(door) + 1) AS address,
    CASE WHEN phone = '' THEN '' ELSE right(regexp_replace(phone, '\D', '', 'g'), 9) END AS phone,
    lower(trim(email)) AS mail,
    CASE WHEN email = '' THEN '' ELSE regexp_extract(lower(email), '@(.+)$', 1) END AS mail_host,
    CASE WHEN website = '' THEN '' ELSE regexp_extract(lower(website),
        '^(?:https?://)?(?:www\.)?([^/:? ]+\.[a-z]+)', 1) END AS site
FROM (SELECT *, regexp_extract(address, '^(\d{1,4})[ ,][^0-9]*$', 1) AS door FROM raw)
JOIN place USING (town, postcode)
"""
# What a place alone does not say and the base tells: the département of a town (lists often say
# only the town), the name of a town known by its code or postcode alone.
# What lines say of their towns, each once.
SAID_OF_TOWN = "SELECT town_name, postcode, town_code, count(*) AS often FROM draft GROUP BY ALL"
KNOWN_TOWN = """
INSERT INTO known_town
SELECT town_name, mode(departement_of(postcode)) FROM said_of_town
WHERE town_name <> '' AND postcode <> '' GROUP BY town_name
HAVING count(DISTINCT departement_of(postcode)) = 1
UNION ALL
SELECT place, first(town_name ORDER BY often DESC, town_name) FROM (
    SELECT place, town_name, sum(often) AS often FROM (
        SELECT unnest(['c' || town_code, 'p' || postcode]) AS place, town_name, often
        FROM said_of_town)
    WHERE town_name <> '' AND length(place) > 1 GROUP BY ALL)
GROUP BY place
"""

WAY = """
SELECT row_number() OVER (ORDER BY address) AS way, address, number_at(doors, 1) AS number,
    number_at(doors, 2) AS last_number, street
FROM (SELECT address, doors_of(folded) AS doors, street_of(folded) AS street
      FROM (SELECT address, fold(address) AS folded
            FROM (SELECT DISTINCT address FROM draft WHERE address <> '')))
"""
WAY_WORD = r"""
SELECT way, i, coalesce(canonical, w) AS word FROM (
    SELECT way, unnest(string_split(street, ' ')) AS w,
           generate_subscripts(string_split(street, ' '), 1) AS i FROM way WHERE street <> '') t
LEFT JOIN known_street v ON v.pattern = w
WHERE NOT regexp_matches(w, '^\d*$') AND NOT coalesce(is_type, false)
    AND coalesce(canonical, w) <> ''
"""

LINE = """
SELECT *, label_of(host) AS site FROM (
SELECT d.line, w.way, siren, nic, postcode, d.town_code, is_cedex,
    CASE WHEN d.town_name <> '' THEN d.town_name
         ELSE coalesce(k.known, p.known, d.town_code) END AS town,
    CASE WHEN postcode <> '' THEN departement_of(postcode)
         WHEN d.town_code <> '' THEN departement_of(d.town_code)
         WHEN d.town_name <> '' THEN coalesce(k.known, '') ELSE '' END AS departement,
    coalesce(door, w.number, 0)::USMALLINT AS number,
    coalesce(door, greatest(w.last_number, w.number), 0)::USMALLINT AS last_number,
    coalesce(s.street, '') AS street, phone, mail,
    CASE WHEN site <> '' AND NOT list_contains(common_hosts(), site) THEN site
         WHEN mail_host <> '' AND NOT list_contains(common_hosts(), mail_host) THEN mail_host
         ELSE '' END AS host
FROM draft d LEFT JOIN known_town k
    ON k.place = CASE WHEN d.town_name <> '' THEN d.town_name ELSE 'c' || d.town_code END
LEFT JOIN known_town p ON d.town_name = '' AND p.place = 'p' || postcode
LEFT JOIN way w USING (address)
LEFT JOIN (SELECT way, string_agg(word, ' ' ORDER BY i) AS street FROM way_word GROUP BY way) s
    ON s.way = w.way)
ORDER BY line
"""

SAID = """
SELECT line, name FROM raw WHERE name <> ''
UNION ALL SELECT line, name FROM (
    SELECT line, unnest(string_split(other, ' | ')) AS name FROM raw WHERE other <> '')
WHERE name <> ''
"""
# One name, what is in brackets, what is around them, and the parts between dashes.
# A name as long as the fields of fixed width are may have been cut short.
PART = r"""
WITH piece AS (SELECT name, unnest(list_concat([name],
    CASE WHEN contains(name, '(') THEN list_append(regexp_extract_all(name, '\(([^)]*)', 1),
        regexp_replace(name, '\([^)]*\)?', ' ', 'g')) ELSE [] END,
    CASE WHEN regexp_matches(name, ' [-–—] |/') THEN string_split_regex(name, ' [-–—] |/')
        ELSE [] END)) AS piece FROM (SELECT DISTINCT name FROM said)),
folded AS (SELECT name, joined(upper) AS plain,
    bool_or(length(name) BETWEEN 28 AND 41 AND ends_with(name, piece)) AS is_cut
    FROM (SELECT *, upper_plain(piece) AS upper FROM piece) GROUP BY ALL)
SELECT *, has_phrase(plain) AS has_phrase FROM folded WHERE plain <> ''
"""
PHRASED = """
SELECT plain, __PHRASES__ AS text FROM (SELECT DISTINCT plain FROM part WHERE has_phrase)
"""
TEXT = """
SELECT text, has_known(text) AS is_known FROM (
    SELECT DISTINCT coalesce(text, plain) AS text FROM part LEFT JOIN phrased USING (plain))
"""
# Legal forms and small words are left out, unless they are the whole name.
WORDED = """
SELECT text, coalesce(list(word ORDER BY i) FILTER (word IS NOT NULL AND NOT is_form),
        list(word ORDER BY i) FILTER (word IS NOT NULL)) AS words,
    coalesce(string_agg(left(w, 1), '' ORDER BY i) FILTER (NOT is_form), '') AS all_initials
FROM (SELECT text, i, w, coalesce(is_form, false) AS is_form,
        CASE WHEN NOT coalesce(is_stop, false) THEN coalesce(k.canonical, w) END AS word
    FROM (SELECT text, unnest(string_split(text, ' ')) AS w,
                 generate_subscripts(string_split(text, ' '), 1) AS i
          FROM text WHERE is_known)
    LEFT JOIN known_word k ON k.pattern = w WHERE w <> '')
GROUP BY text HAVING count(word) > 0
UNION ALL SELECT text, words,
    array_to_string(list_transform(words, lambda w: left(w, 1)), '') AS all_initials
FROM (SELECT text, list_filter(string_split(text, ' '), lambda w: w <> '') AS words
      FROM text WHERE NOT is_known)
WHERE len(words) > 0
"""
SPELLING = """
SELECT name, words, array_to_string(list_sort(list_distinct(words)), ' ') AS text,
    array_to_string(words, ' ') AS plain,
    array_to_string(list_transform(words, lambda w: left(w, 1)), '') AS initials,
    all_initials, CASE WHEN is_cut THEN words[-1] ELSE '' END AS last
FROM (SELECT name, is_cut, coalesce(text, plain) AS said
      FROM part LEFT JOIN phrased USING (plain))
JOIN worded w ON w.text = said
"""
ALIAS = """
SELECT row_number() OVER (ORDER BY line, text) - 1 AS alias, line, text, plain, initials,
    all_initials, last, town, departement
FROM (
    SELECT line, text, min(plain) AS plain, min(initials) AS initials,
        min(all_initials) AS all_initials, max(last) AS last
    FROM said JOIN spelling USING (name) GROUP BY line, text)
JOIN line USING (line)
"""

# One table after the other, each from those before.
STEPS = {
    "draft": DRAFT,
    "way": WAY,
    "way_word": WAY_WORD,
    "line": LINE,
    "said": SAID,
    "part": PART,
    "phrased": PHRASED,
    "text": TEXT,
    "worded": WORDED,
    "spelling": SPELLING,
    "alias": ALIAS,
    "word": """SELECT line, word, town, departement, postcode FROM (
        SELECT DISTINCT line, unnest(words) AS word FROM said JOIN spelling USING (name))
        JOIN line USING (line)""",
    "bag": """SELECT alias, word, bool_or(word = last) AS is_last,
            bool_or((length(word) > 3 AND contains(town, word)) OR word = departement
                OR d.word IS NOT NULL) AS is_place
        FROM (SELECT alias, unnest(string_split(text, ' ')) AS word, last, town, departement
              FROM alias)
        LEFT JOIN known_departement d USING (word, departement)
        GROUP BY alias, word""",
    # What is left of a name without the place: "MAIRIE DE GRAULHET" there is "MAIRIE".
    "core": """SELECT alias, coalesce(core, text) AS core FROM alias LEFT JOIN (
        SELECT alias, string_agg(word, ' ' ORDER BY word) FILTER (NOT is_place) AS core FROM bag
        WHERE alias IN (SELECT alias FROM bag WHERE is_place) GROUP BY alias) USING (alias)""",
    "street_bag": "SELECT DISTINCT line, word FROM way_word JOIN line USING (way)",
    "term": """SELECT row_number() OVER (ORDER BY mark(word), word) - 1 AS term, word
        FROM (SELECT word FROM bag UNION SELECT word FROM street_bag)""",
}
# Tables that no later one is made from, by the last one made from them: memory is for what is left.
DONE = {
    "line": ("draft", "way"),
    "said": ("raw",),
    "spelling": ("part", "phrased", "text", "worded"),
    "word": ("said", "spelling"),
}
# Dear to make even of nothing, its sixty patterns being read each time: whether it is needed, and
# the table without a line.
DEAR = {
    "phrased": (
        "SELECT coalesce(bool_or(has_phrase), false) FROM part",
        "SELECT plain, plain AS text FROM part LIMIT 0",
    )
}
# A look-up key and its line share 64 bits: bases of up to 16 million lines.
LINE_BITS = 24


def _keys(table: str, keys: Mapping[str, str]) -> str:
    """(line, k, channel) of one table; k NULL where a channel has none."""
    places = [f"{CHANNELS.index(channel)}::UTINYINT" for channel in keys]
    said, channel = (
        (*keys.values(), *places)
        if len(keys) == 1
        else (f"unnest([{', '.join(each)}])" for each in (keys.values(), places))
    )
    return f"SELECT line, {said} AS k, {channel} AS channel FROM {table}"  # noqa: S608


KEYS = " UNION ALL ".join(
    f"SELECT (hash(k) >> {LINE_BITS} << {LINE_BITS}) | line::UBIGINT AS key, channel "  # noqa: S608
    f"FROM ({_keys(table, keys)}) WHERE k IS NOT NULL"
    for table, keys in KEYED
)
READS = {
    "marks": """SELECT mark(siren) AS siren, mark(departement) AS departement, mark(postcode) AS
        postcode, mark(town) AS town, mark(town_code) AS town_code, mark(phone) AS phone,
        mark(mail) AS mail, mark(host) AS host FROM line ORDER BY line""",
    "places": """SELECT town, street, site, number, last_number, nic, is_cedex FROM line
        ORDER BY line""",
    "names": """SELECT line, core AS text, initials || ' ' || all_initials AS initials,
        ascii(initials)::UTINYINT AS first, least(length(initials), 255)::UTINYINT AS least,
        least(length(all_initials), 255)::UTINYINT AS most
        FROM alias JOIN core USING (alias) ORDER BY alias""",
    "vocabulary": """SELECT word, mark(word) AS mark, ascii(word)::UTINYINT AS first,
        least(length(word), 255)::UTINYINT AS length, regexp_matches(word, '^[0-9]+$') AS is_number
        FROM term ORDER BY term""",
    "words": """SELECT alias, term, is_place::UTINYINT + 2 * is_last::UTINYINT AS flags
        FROM bag JOIN term USING (word) ORDER BY alias, term""",
    "street_words": """SELECT line, term FROM street_bag JOIN term USING (word)
        ORDER BY line, term""",
    "kinds": """SELECT line, word FROM word
        JOIN (SELECT DISTINCT pattern FROM kind) ON pattern = word""",
    "keys": KEYS,
}
