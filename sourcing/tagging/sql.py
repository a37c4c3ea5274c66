"""The SQL of the search index: from what the base says of suppliers to their entries, in DuckDB.

Reads what scope.py gathered (standing, said, hint, inside), tag, and the meanings of listing.py.
"""

# Every name and number below is ours.
# ruff: noqa: S608

from sourcing.model import MASKED, PARTIAL

# A family facet counts a supplier whose evidence for it is at least this; a generic NAF is not.
LEAST_FAMILY_WEIGHT = 0.25
# From here a segment is declared or described, not hinted at by a NAF code: its label is searched.
DECLARED_WEIGHT = 0.6
SEARCHED_KINDS = ("siae", "handicap", "insertion")
# Initials of names with so many telling words are searched: "SNCF".
ACRONYM_SIZES = range(3, 8)
# Words that are no part of what a name's initials stand for.
LEGAL_FORMS = frozenset(
    ("sa", "sarl", "sas", "sasu", "eurl", "sci", "scop", "scic", "snc", "gie", "asso")
)

LISTED = (
    "supplier_id", "commune_code", "in_territory", "lon", "lat", "statuses", "families", "size",
    "is_noise", "reach_km", "name_key",
)  # fmt: skip

_FORMS = ", ".join(f"'{form}'" for form in sorted(LEGAL_FORMS))
_ENOUGH = "% " * (ACRONYM_SIZES[0] - 1) + "%"
_SEARCHED = ", ".join(f"'{kind}'" for kind in SEARCHED_KINDS)
# Each layer reads the one before: within one SELECT, what an alias stands for would be copied.
STATEMENTS = (
    # The initials of a name's words when they may be enough, and how they are indexed (see
    # listing.acronym), or NULL.
    f"""CREATE MACRO initials(words) AS CASE WHEN words LIKE '{_ENOUGH}' THEN
        array_to_string(list_transform(list_filter(string_split(words, ' '),
            lambda w: w NOT IN ({_FORMS})), lambda w: left(w, 1)), '') END""",
    f"""CREATE MACRO acronym(initials) AS CASE WHEN regexp_full_match(initials,
        '[a-z]{{{ACRONYM_SIZES[0]},{ACRONYM_SIZES[-1]}}}') THEN '0' || initials END""",
    f"""CREATE TABLE by_tag AS SELECT supplier_id,
        coalesce(bit_or(status.bit), 0) AS statuses,
        coalesce(bit_or(segment.family) FILTER (weight >= {LEAST_FAMILY_WEIGHT}), 0) AS families,
        bool_or(tag.kind = 'noise') AS is_noise,
        string_agg(segment.words, ' ') FILTER (weight >= {DECLARED_WEIGHT}) AS labels,
        string_agg(words_of(tag.value), ' ') FILTER (tag.kind IN ({_SEARCHED})) AS texts
        FROM tag LEFT JOIN status ON tag.kind = status.kind AND tag.value = status.value
        LEFT JOIN segment ON tag.kind = 'segment' AND tag.value = segment.code
        GROUP BY supplier_id""",
    f"""CREATE TABLE by_naf AS SELECT naf, bit_or(family) AS families
        FROM hint JOIN segment ON hint.segment = segment.code
        WHERE weight >= {LEAST_FAMILY_WEIGHT} GROUP BY naf""",
    """CREATE TABLE by_list AS SELECT supplier_id,
        string_agg(concat_ws(' ', name, acronym(initials(name)), others,
            acronym(initials(others))), ' ') AS names,
        string_agg(text, ' ') AS texts, max(km) AS reach_km
        FROM (SELECT supplier_id, zone.km, words_of(name) AS name, words_of(other_names) AS others,
            words_of(concat_ws(' ', array_to_string(CAST(CAST(sectors AS JSON) AS VARCHAR[]), ' '),
                description)) AS text FROM said LEFT JOIN zone ON zone.said = said.zone
            WHERE gone_on IS NULL)
        GROUP BY supplier_id""",
    """CREATE TABLE by_commune AS SELECT town, words_of(town) AS words
        FROM (SELECT DISTINCT commune AS town FROM standing)""",
    # A person in partial diffusion: nothing may find it by name; its place is its commune's.
    f"""CREATE VIEW shown AS SELECT * REPLACE (
            CASE WHEN is_nameless THEN '{MASKED}' ELSE name END AS name,
            CASE WHEN is_nameless OR legal_name = name THEN '' ELSE legal_name END AS legal_name,
            CASE WHEN is_nameless OR other_names IN (name, legal_name) THEN ''
                ELSE other_names END AS other_names,
            CASE WHEN is_nameless THEN '' ELSE description END AS description,
            CASE WHEN is_placed THEN lon END AS lon, CASE WHEN is_placed THEN lat END AS lat)
        FROM (SELECT *, is_person AND diffusion = '{PARTIAL}' AS is_nameless,
            diffusion <> '{PARTIAL}' OR "precision" = 'commune' AS is_placed FROM standing)""",
    """CREATE TABLE entry AS SELECT shown.id AS supplier_id, commune_code,
        commune_code IN (SELECT code FROM inside) AS in_territory, lon, lat,
        coalesce(by_tag.statuses, 0) | coalesce(status.bit, 0) AS statuses,
        coalesce(by_tag.families, 0) | coalesce(by_naf.families, 0) AS families,
        coalesce(band.place, 0) AS size, coalesce(by_tag.is_noise, false) AS is_noise,
        by_list.reach_km, folded(name) AS name_key,
        words_of(CASE WHEN is_nameless THEN '' ELSE name END) AS first,
        CASE WHEN legal_name = '' THEN '' ELSE words_of(legal_name) END AS second,
        CASE WHEN other_names = '' THEN '' ELSE words_of(other_names) END AS third,
        CASE WHEN NOT is_nameless THEN by_list.names END AS listed,
        CASE WHEN description <> '' THEN words_of(description) END AS described,
        CASE WHEN NOT is_nameless THEN concat_ws(' ', by_tag.texts, by_list.texts) END AS texts,
        by_tag.labels, by_commune.words AS commune
        FROM shown
        LEFT JOIN by_tag ON by_tag.supplier_id = shown.id
        LEFT JOIN by_list ON by_list.supplier_id = shown.id
        LEFT JOIN by_naf ON by_naf.naf = shown.naf
        LEFT JOIN status ON status.kind = 'size' AND status.value = shown.size
        LEFT JOIN band ON band.code = shown.size_code
        LEFT JOIN by_commune ON by_commune.town = shown.commune""",
)
LISTING = f"SELECT {', '.join(LISTED)} FROM entry"
TEXT = """SELECT supplier_id, concat_ws(' ', first, second, third, acronym(i1), acronym(i2),
    acronym(i3), listed), concat_ws(' ', described, texts, labels, commune)
    FROM (SELECT *, initials(first) AS i1, initials(second) AS i2, initials(third) AS i3
        FROM entry)"""
