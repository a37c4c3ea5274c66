"""The SQL of normalisation: macros, then one statement per table, in the order they are run."""


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
    ("(SELECT * FROM street_word JOIN line USING (line) WHERE word <> '')", {
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

-- "S.A.R.L." and "A P F" become one word; "L ISLE" and "M.MARTIN" stay two.
CREATE MACRO tied(s) AS regexp_replace(trim(regexp_replace(
    regexp_replace(upper_plain(s), '\b([A-Z])[.]', '\1~', 'g'), '[^A-Z0-9~]+', ' ', 'g')),
    '\b([A-Z]) ', '\1~', 'g');
CREATE MACRO joined(s) AS
    replace(regexp_replace(tied(s), '~ ?([A-Z0-9]{2})', ' \1', 'g'), '~', '');

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

-- The street numbers: those before a kind of street, else those the address begins with.
CREATE MACRO doors_of(s) AS coalesce(
    nullif(regexp_extract(s, '\b(\d{1,4}(?: (?:A |ET |AU )?\d{1,4})?) ?(BIS|TER|QUATER|[A-Z])? '
        '(RUE|R|AVENUE|AV|BOULEVARD|BD|PLACE|PL|CHEMIN|CHE|ROUTE|RTE|ALLEE|ALL|IMPASSE|IMP'
        '|QUAI|COURS|CRS)\b', 1), ''),
    regexp_extract(s, '^(\d{1,4}(?: (?:A |ET |AU )?\d{1,4})?)\b', 1));
CREATE MACRO number_at(doors, place) AS
    coalesce(try_cast(list_extract(regexp_extract_all(doors, '\d+'), place) AS USMALLINT), 0);
CREATE MACRO street_of(s) AS trim(regexp_replace(regexp_replace(regexp_replace(fold(s),
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

DRAFT = r"""
SELECT line, postcode, coalesce(try_cast(right(siret, 5) AS UINTEGER), 0) AS nic,
    CASE WHEN siren <> '' THEN siren ELSE left(siret, 9) END AS siren,
    CASE WHEN is_code(town) THEN '' ELSE town_of(town) END AS town_name,
    CASE WHEN town_code <> '' THEN town_code WHEN is_code(town) THEN town ELSE '' END AS town_code,
    is_cedex(town, postcode) AS is_cedex,
    doors_of(fold(address)) AS doors, street_of(address) AS street,
    right(regexp_replace(phone, '\D', '', 'g'), 9) AS phone, lower(trim(email)) AS mail,
    regexp_extract(lower(email), '@(.+)$', 1) AS mail_host,
    regexp_extract(lower(website), '^(?:https?://)?(?:www\.)?([^/:? ]+\.[a-z]+)', 1) AS site
FROM raw
"""

# What a place alone does not say and the base tells: the département of a town (lists often say
# only the town), the name of a town known by its code or postcode alone.
KNOWN_TOWN = """
INSERT INTO known_town
SELECT town_name, mode(departement_of(postcode)) FROM draft
WHERE town_name <> '' AND postcode <> '' GROUP BY town_name
HAVING count(DISTINCT departement_of(postcode)) = 1
UNION ALL
SELECT place, first(town_name ORDER BY often DESC, town_name) FROM (
    SELECT place, town_name, count(*) AS often FROM (
        SELECT unnest(['c' || town_code, 'p' || postcode]) AS place, town_name FROM draft)
    WHERE town_name <> '' AND length(place) > 1 GROUP BY ALL)
GROUP BY place
"""

STREET_WORD = r"""
SELECT line, i, coalesce(canonical, w) AS word FROM (
    SELECT line, unnest(string_split(street, ' ')) AS w,
           generate_subscripts(string_split(street, ' '), 1) AS i FROM draft WHERE street <> '') t
LEFT JOIN known_street v ON v.pattern = w
WHERE NOT regexp_matches(w, '^\d*$') AND NOT coalesce(is_type, false)
"""

LINE = """
SELECT *, label_of(host) AS site FROM (
SELECT d.line, siren, nic, postcode, d.town_code, is_cedex,
    CASE WHEN d.town_name <> '' THEN d.town_name
         ELSE coalesce(c.known, p.known, d.town_code) END AS town,
    CASE WHEN postcode <> '' THEN departement_of(postcode)
         WHEN d.town_code <> '' THEN departement_of(d.town_code)
         ELSE coalesce(k.known, '') END AS departement,
    number_at(doors, 1) AS number, greatest(number_at(doors, 2), number) AS last_number,
    coalesce(s.street, '') AS street, phone, mail,
    CASE WHEN site <> '' AND NOT list_contains(common_hosts(), site) THEN site
         WHEN mail_host <> '' AND NOT list_contains(common_hosts(), mail_host) THEN mail_host
         ELSE '' END AS host
FROM draft d LEFT JOIN known_town k ON k.place = d.town_name
LEFT JOIN known_town c ON d.town_name = '' AND c.place = 'c' || d.town_code
LEFT JOIN known_town p ON d.town_name = '' AND p.place = 'p' || postcode
LEFT JOIN (SELECT line, string_agg(word, ' ' ORDER BY i) AS street FROM street_word
           WHERE word <> '' GROUP BY line) s ON s.line = d.line)
ORDER BY line
"""

# One name, what is in brackets, what is around them, and the parts between dashes.
# A name as long as the fields of fixed width are may have been cut short.
DRAFT_ALIAS = r"""
WITH said AS (
    SELECT line, unnest(list_concat([name], string_split(other, ' | '))) AS name FROM raw),
piece AS (SELECT line, name, unnest(list_concat([name],
    CASE WHEN contains(name, '(') THEN list_append(regexp_extract_all(name, '\(([^)]*)', 1),
        regexp_replace(name, '\([^)]*\)?', ' ', 'g')) ELSE [] END,
    CASE WHEN regexp_matches(name, ' [-–—] |/') THEN string_split_regex(name, ' [-–—] |/')
        ELSE [] END)) AS piece FROM said WHERE name <> ''),
folded AS (SELECT line, joined(piece) AS name,
    bool_or(length(piece.name) BETWEEN 28 AND 41 AND ends_with(piece.name, piece)) AS is_cut
    FROM piece GROUP BY ALL)
SELECT row_number() OVER (ORDER BY line, name) - 1 AS alias, line, __PHRASES__ AS text, is_cut
FROM folded WHERE name <> ''
"""

# Legal forms and small words are left out, unless they are the whole name.
SAID = """
SELECT line, coalesce(list(word ORDER BY i) FILTER (word IS NOT NULL AND NOT is_form),
        list(word ORDER BY i) FILTER (word IS NOT NULL)) AS words,
    coalesce(string_agg(left(w, 1), '' ORDER BY i) FILTER (NOT is_form), '') AS all_initials,
    bool_or(is_cut) AS is_cut
FROM (SELECT alias, line, i, w, is_cut, coalesce(is_form, false) AS is_form,
        CASE WHEN NOT coalesce(is_stop, false) THEN coalesce(k.canonical, w) END AS word
    FROM (SELECT alias, line, is_cut, unnest(string_split(text, ' ')) AS w,
                 generate_subscripts(string_split(text, ' '), 1) AS i FROM draft_alias)
    LEFT JOIN known_word k ON k.pattern = w WHERE w <> '')
GROUP BY alias, line HAVING count(word) > 0
"""
ALIAS = """
SELECT row_number() OVER (ORDER BY line, text) - 1 AS alias, line, text, plain, initials,
    all_initials, last, town, departement
FROM (
    SELECT line, array_to_string(list_sort(list_distinct(words)), ' ') AS text,
        min(array_to_string(words, ' ')) AS plain,
        min(array_to_string(list_transform(words, lambda w: left(w, 1)), '')) AS initials,
        min(all_initials) AS all_initials,
        max(CASE WHEN is_cut THEN words[-1] ELSE '' END) AS last
    FROM said GROUP BY ALL)
JOIN line USING (line)
"""

# One table after the other, each from those before.
STEPS = {
    "draft": DRAFT,
    "street_word": STREET_WORD,
    "line": LINE,
    "draft_alias": DRAFT_ALIAS,
    "said": SAID,
    "alias": ALIAS,
    "word": """SELECT line, word, town, departement, postcode
        FROM (SELECT DISTINCT line, unnest(words) AS word FROM said) JOIN line USING (line)""",
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
    "street_bag": "SELECT DISTINCT line, word FROM street_word WHERE word <> ''",
    "term": """SELECT row_number() OVER (ORDER BY mark(word), word) - 1 AS term, word
        FROM (SELECT word FROM bag UNION SELECT word FROM street_bag)""",
}
# Tables that no later one is made from, by the last one made from them: memory is for what is left.
DONE = {"line": ("draft",), "draft_alias": ("raw",), "said": ("draft_alias",), "word": ("said",)}
# A look-up key and its line share 64 bits: bases of up to 16 million lines.
LINE_BITS = 24
KEYS = " UNION ALL ".join(
    f"SELECT (hash(k) >> {LINE_BITS} << {LINE_BITS}) | line::UBIGINT AS key, channel "  # noqa: S608
    f"FROM (SELECT line, unnest([{', '.join(keys.values())}]) AS k, "
    f"unnest([{', '.join(str(CHANNELS.index(c)) for c in keys)}]::UTINYINT[]) AS channel "
    f"FROM {table}) WHERE k IS NOT NULL"
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
