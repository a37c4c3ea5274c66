"""The SQL of normalisation: macros, then one statement per table, in the order they are run."""

_WORD = "FROM word WHERE"
_STREET = "unnest(string_split(street, ' ')) FROM line WHERE street <> '' AND"
# The look-up keys of each channel: two lines that share one may be the same supplier.
CHANNELS = {
    "word": "SELECT line, 'w' || word FROM word",
    "word@departement": f"SELECT line, 'd' || departement || word {_WORD} departement <> ''",
    "word@town": f"SELECT line, 't' || town || word {_WORD} town <> ''",
    "word@postcode": f"SELECT line, 'p' || postcode || word {_WORD} postcode <> ''",
    "kind@town": """SELECT line, 'k' || town || canonical FROM word
        JOIN kind ON pattern = word WHERE town <> ''""",
    "start@town": f"""SELECT line, 'b' || departement || left(word, 5) {_WORD}
        length(word) > 5 AND departement <> ''""",
    "gram@town": """SELECT line, 'g' || town || substr(text, i, 4) FROM (
        SELECT line, town, text, unnest(range(1, length(text) - 2)) AS i FROM (
            SELECT line, town, replace(text, ' ', '') AS text FROM alias WHERE town <> ''))""",
    "acronym": """SELECT line, 'd' || departement || initials FROM alias
        WHERE length(initials) > 2 AND departement <> ''""",
    "door": """SELECT line, 'a' || departement || number || list_last(string_split(street, ' '))
        FROM line WHERE number <> '' AND street <> '' AND departement <> ''""",
    "street@town": f"SELECT line, 's' || town || {_STREET} town <> ''",
    "street@postcode": f"SELECT line, 'q' || postcode || {_STREET} postcode <> ''",
    "phone": "SELECT line, 'f' || phone FROM line WHERE phone <> ''",
    "mail": "SELECT line, 'm' || mail FROM line WHERE mail <> ''",
    "host": "SELECT line, 'h' || host FROM line WHERE host <> ''",
    "siren": "SELECT line, 'n' || siren FROM line WHERE siren <> ''",
}

MACROS = r"""
CREATE MACRO upper_plain(s) AS
    strip_accents(upper(replace(replace(replace(s, 'œ', 'oe'), 'Œ', 'OE'), '&', ' ET ')));
CREATE MACRO fold(s) AS trim(regexp_replace(upper_plain(s), '[^A-Z0-9]+', ' ', 'g'));

-- "S.A.R.L." and "A P F" become one word; "L ISLE" and "M.MARTIN" stay two.
CREATE MACRO tied(s) AS regexp_replace(trim(regexp_replace(
    regexp_replace(upper_plain(s), '\b([A-Z])[.]', '\1~', 'g'), '[^A-Z0-9~]+', ' ', 'g')),
    '\b([A-Z]) ', '\1~', 'g');
CREATE MACRO joined(s) AS
    replace(regexp_replace(tied(s), '~ ?([A-Z0-9]{2})', ' \1', 'g'), '~', '');

-- A town in one word, without CEDEX, arrondissement, articles and small words.
CREATE MACRO bare_town(s) AS regexp_replace(regexp_replace(fold(s), '\b(CEDEX|CDX)\b.*', ''),
    '\b\d+\s?(ER?|EME|E)?\b|\bARRONDISSEMENT\b', ' ', 'g');
CREATE MACRO town_of(s) AS regexp_replace(regexp_replace(regexp_replace(bare_town(s),
    '\bST\b', 'SAINT', 'g'), '\bSTE\b', 'SAINTE', 'g'),
    '\b(L|LE|LA|LES|D|DE|DU|DES|SUR|S|EN|ET|AUX?)\b| ', '', 'g');
CREATE MACRO is_code(s) AS regexp_matches(s, '^[0-9][0-9AB][0-9]{3}$');

-- A French INSEE or postal code -> its département, overseas on three digits, Corsica as 20.
CREATE MACRO departement_of(code) AS CASE
    WHEN left(code, 2) IN ('97', '98') THEN left(code, 3)
    WHEN left(code, 2) IN ('2A', '2B') THEN '20' ELSE left(code, 2) END;

-- The street number: the one before a kind of street, else the one the address begins with.
CREATE MACRO door_of(s) AS coalesce(
    nullif(nullif(regexp_extract(s, '\b0*(\d{1,4}) ?(BIS|TER|QUATER|[A-D])? '
        '(RUE|R|AVENUE|AV|BOULEVARD|BD|PLACE|PL|CHEMIN|CHE|ROUTE|RTE|ALLEE|ALL|IMPASSE|IMP'
        '|QUAI|COURS|CRS)\b', 1), ''), '0'),
    nullif(nullif(regexp_extract(s, '^0*(\d{1,4})\b', 1), ''), '0'), '');
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
CREATE TABLE known_town (town VARCHAR, departement VARCHAR);
"""

DRAFT = r"""
SELECT line, siret, postcode,
    CASE WHEN siren <> '' THEN siren ELSE left(siret, 9) END AS siren,
    CASE WHEN is_code(town) THEN '' ELSE town_of(town) END AS town_name,
    CASE WHEN town_code <> '' THEN town_code WHEN is_code(town) THEN town ELSE '' END AS town_code,
    fold(address) AS address, street_of(address) AS street,
    right(regexp_replace(phone, '\D', '', 'g'), 9) AS phone, lower(trim(email)) AS mail,
    regexp_extract(lower(email), '@(.+)$', 1) AS mail_host,
    regexp_extract(lower(website), '^(?:https?://)?(?:www\.)?([^/:? ]+\.[a-z]+)', 1) AS site
FROM raw
"""

# Lists often say only the town: the base tells which département has the one of that name.
KNOWN_TOWN = """
INSERT INTO known_town SELECT town_name, mode(departement_of(postcode)) FROM draft
WHERE town_name <> '' AND postcode <> '' GROUP BY town_name
HAVING count(DISTINCT departement_of(postcode)) = 1
"""

STREET_WORD = r"""
SELECT line, i, coalesce(canonical, w) AS word FROM (
    SELECT line, unnest(string_split(street, ' ')) AS w,
           generate_subscripts(string_split(street, ' '), 1) AS i FROM draft WHERE street <> '') t
LEFT JOIN known_street v ON v.pattern = w
WHERE NOT regexp_matches(w, '^\d*$') AND NOT coalesce(is_type, false)
"""

LINE = """
SELECT d.line, siret, siren, postcode, d.town_code,
    CASE WHEN d.town_name <> '' THEN d.town_name ELSE d.town_code END AS town,
    CASE WHEN postcode <> '' THEN departement_of(postcode)
         WHEN d.town_code <> '' THEN departement_of(d.town_code)
         ELSE coalesce(k.departement, '') END AS departement,
    door_of(address) AS number, coalesce(s.street, '') AS street, phone, mail,
    CASE WHEN site <> '' AND NOT list_contains(common_hosts(), site) THEN site
         WHEN mail_host <> '' AND NOT list_contains(common_hosts(), mail_host) THEN mail_host
         ELSE '' END AS host
FROM draft d LEFT JOIN known_town k ON k.town = d.town_name
LEFT JOIN (SELECT line, string_agg(word, ' ' ORDER BY i) AS street FROM street_word
           WHERE word <> '' GROUP BY line) s ON s.line = d.line
ORDER BY d.line
"""

# One name, what is in brackets, what is around them, and the parts between dashes.
DRAFT_ALIAS = r"""
WITH said AS (
    SELECT line, unnest(list_concat([name], string_split(other, ' | '))) AS name FROM raw),
piece AS (SELECT line, unnest(list_concat([name],
    CASE WHEN contains(name, '(') THEN list_append(regexp_extract_all(name, '\(([^)]*)', 1),
        regexp_replace(name, '\([^)]*\)?', ' ', 'g')) ELSE [] END,
    CASE WHEN regexp_matches(name, ' [-–—] |/') THEN string_split_regex(name, ' [-–—] |/')
        ELSE [] END)) AS name FROM said WHERE name <> ''),
folded AS (SELECT DISTINCT line, joined(name) AS name FROM piece)
SELECT row_number() OVER (ORDER BY line, name) - 1 AS alias, line, __PHRASES__ AS text
FROM folded WHERE name <> ''
"""

# Legal forms are left out, unless they are the whole name.
SAID = """
SELECT line, coalesce(list(word ORDER BY i) FILTER (NOT is_form), list(word ORDER BY i)) AS words
FROM (SELECT alias, line, i, coalesce(k.canonical, w) AS word, coalesce(is_form, false) AS is_form
    FROM (SELECT alias, line, unnest(string_split(text, ' ')) AS w,
                 generate_subscripts(string_split(text, ' '), 1) AS i FROM draft_alias)
    LEFT JOIN known_word k ON k.pattern = w WHERE w <> '' AND NOT coalesce(is_stop, false))
GROUP BY alias, line
"""
ALIAS = """
SELECT row_number() OVER (ORDER BY line, text) - 1 AS alias, line, text, initials, town, departement
FROM (
    SELECT DISTINCT line, array_to_string(words, ' ') AS text,
        array_to_string(list_transform(words, lambda w: left(w, 1)), '') AS initials FROM said)
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
    "bag": "SELECT DISTINCT alias, unnest(string_split(text, ' ')) AS word FROM alias",
    "term": """SELECT row_number() OVER (ORDER BY word) - 1 AS term, word
        FROM (SELECT DISTINCT word FROM bag)""",
}
# A look-up key and its line share 64 bits: bases of up to 16 million lines.
LINE_BITS = 24
KEYS = " UNION ALL ".join(
    f"SELECT (hash(k) >> {LINE_BITS} << {LINE_BITS}) | line::UBIGINT AS key, "  # noqa: S608
    f"{code}::UTINYINT AS channel FROM ({sql}) t(line, k)"
    for code, sql in enumerate(CHANNELS.values())
)
READS = {
    "facts": """SELECT siret, siren, departement, postcode, town, town_code, number, street, phone,
        mail, host FROM line ORDER BY line""",
    "names": "SELECT line, text FROM alias ORDER BY alias",
    "vocabulary": "SELECT word FROM term ORDER BY term",
    "words": "SELECT alias, term FROM bag JOIN term USING (word) ORDER BY ALL",
    "kinds": """SELECT line, word FROM word
        JOIN (SELECT DISTINCT pattern FROM kind) ON pattern = word""",
    "keys": KEYS,
}
