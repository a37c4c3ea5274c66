"""The SQL from a source's lines to contracts and winners: clean, apply versions, tell lots apart.

Source.columns says, in SQL over the file's own columns (trimmed texts, NULL when empty or absent),
what each of FIELDS is; here is what it becomes, the same for every source of contracts.
"""

# Every name below comes from Source.columns or from a Shape, both ours.
# ruff: noqa: S608

# What a source says of one winner of one version of a contract.
FIELDS = (
    "line", "number", "buyer", "buyer_name", "buyer_commune", "object", "cpv", "nature",
    "procedure", "techniques", "place_code", "months", "notified_on", "published_on", "amount",
    "is_absurd", "offers", "is_innovative", "social", "environmental", "winner_kind", "winner",
    "winner_name", "version", "is_current",
)  # fmt: skip
# A contract's columns from the base's point of view, in the order they are written.
CONTRACT = (
    "id", "uid", "digest", "buyer_siret", "buyer_siren", "buyer_name", "object", "object_key",
    "cpv", "nature", "procedure", "techniques", "place_code", "months", "notified_on",
    "published_on", "modified_on", "modifications", "amount_eur", "initial_eur", "amount_note",
    "offers", "is_innovative", "social", "environmental", "winners",
)  # fmt: skip
WINNER = ("contract_id", "position", "kind", "identifier", "siret", "siren", "name")

# Beyond, the buyer mistyped or means "no maximum"; the largest real ones are far below.
MOST_EUR = 1_000_000_000
# A symbolic euro says nothing of what was bought.
SYMBOLIC_EUR = 1
# Nothing was published before; what is said to be later than tomorrow is mistyped.
FIRST_DAY = "2005-01-01"
LONGEST_MONTHS, MOST_OFFERS = 600, 10_000


def macros() -> list[str]:
    """Macros that clean one value each."""
    bodies = (
        # Masks ("[ND]", "[NON-DIFFUSIBLE]") and "NC" say that nothing is said.
        "said(s) AS CASE WHEN s LIKE '[%' OR upper(s) IN ('NC', 'N/A', 'NULL', 'NAN') "
        "THEN NULL ELSE s END",
        r"tidy(s) AS coalesce(trim(regexp_replace(replace(replace(replace(regexp_replace(said(s), "
        r"'<[^>]*>', ' ', 'g'), '&amp;', '&'), '&#39;', '''' ), '&quot;', '"
        "'), "
        r"'\s+', ' ', 'g')), '')",
        # A typographic apostrophe lost on the way: "d¿articles".
        r"prose(s) AS regexp_replace(tidy(s), '(\pL)¿(\pL)', '\1’\2', 'g')",
        r"key_of(s) AS ' ' || trim(regexp_replace(upper(strip_accents(s)), "
        r"'[^A-Z0-9]+', ' ', 'g')) || ' '",
        "date_of(s) AS CASE WHEN s LIKE '__/__/____%' "
        "THEN CAST(TRY_STRPTIME(left(s, 10), '%d/%m/%Y') AS DATE) "
        "ELSE TRY_CAST(left(s, 10) AS DATE) END",
        "day_of(s) AS CASE WHEN date_of(s) BETWEEN DATE "
        f"'{FIRST_DAY}' AND current_date + 1 THEN date_of(s) END",
        r"number_of(s) AS TRY_CAST(replace(regexp_replace(said(s), '[\s€]', '', 'g'), ',', '.') "
        "AS DOUBLE)",
        # Numbers written as such lose their zeros or gain a decimal.
        r"bare(s) AS regexp_replace(regexp_replace(upper(s), '\.0$', ''), '[\s._-]', '', 'g')",
        "siret_of(s) AS CASE WHEN is_siret(s) THEN s "
        "WHEN length(s) IN (12, 13) AND is_siret(lpad(s, 14, '0')) THEN lpad(s, 14, '0') "
        "ELSE '' END",
        # A SIREN in place of a SIRET, or inside a French VAT number.
        "siren_of(s) AS CASE WHEN regexp_full_match(s, '(FR[0-9A-Z]{2})?[0-9]{9}') "
        "AND luhn(CAST(right(s, 9) AS BIGINT)) THEN right(s, 9) ELSE '' END",
        # The key digit left out, and the leading zero of divisions 03 and 09 given back.
        r"cpv_of(s) AS CASE WHEN regexp_matches(s, '^\d{8}') THEN left(s, 8) "
        r"WHEN regexp_matches(s, '^\d{7}($|[.-])') THEN '0' || left(s, 7) ELSE '' END",
        # "Clause sociale, Critère social" or ["Clause sociale"] -> sorted, without the noes.
        "listed(s) AS CASE WHEN said(ltrim(s, '[')) IS NOT NULL THEN array_to_string(list_sort("
        "list_distinct(list_filter(list_transform(string_split_regex(s, '[]\\[\",|;]+'), "
        "lambda x: trim(x)), "
        "lambda x: x <> '' AND NOT starts_with(x, 'Pas de ') AND x <> 'Sans objet'))), "
        "' | ') END",
        "yes(s) AS CASE lower(s) WHEN 'true' THEN true WHEN 'oui' THEN true WHEN '1' THEN true "
        "WHEN 'false' THEN false WHEN 'non' THEN false WHEN '0' THEN false END",
        "id_of(s) AS (md5_number_lower(s) >> 1)::BIGINT",
        "whole_of(s, most) AS CASE WHEN number_of(s) BETWEEN 1 AND most "
        "THEN CAST(number_of(s) AS INTEGER) END",
        "written(eur) AS CASE WHEN abs(eur) < 1e15 THEN "
        "rtrim(rtrim(CAST(CAST(eur AS DECIMAL(38, 2)) AS VARCHAR), '0'), '.') "
        "ELSE CAST(eur AS VARCHAR) END",
        f"doubt(eur, is_absurd) AS CASE WHEN eur IS NULL THEN '' "
        "WHEN eur <= 0 THEN 'montant nul ou négatif' "
        f"WHEN eur <= {SYMBOLIC_EUR} THEN 'montant symbolique' "
        f"WHEN eur > {MOST_EUR} OR coalesce(is_absurd, false) "
        r"OR regexp_matches(CAST(CAST(eur AS DECIMAL(38, 2)) AS VARCHAR), '^9{6,}\.') "
        "THEN 'montant invraisemblable' ELSE '' END",
    )
    return [f"CREATE OR REPLACE TEMP MACRO {body}" for body in bodies]


# Every identifier once: they come back line after line.
PARTIES = """
    CREATE TABLE party AS
    WITH said AS (SELECT DISTINCT unnest([buyer, winner]) AS raw FROM line),
    known AS (SELECT raw, bare(raw) AS identifier FROM said WHERE said(raw) IS NOT NULL),
    told AS (SELECT *, siret_of(identifier) AS siret FROM known)
    SELECT row_number() OVER () AS id, raw, coalesce(nullif(siret, ''), identifier) AS identifier,
        siret, CASE WHEN siret <> '' THEN left(siret, 9) ELSE siren_of(identifier) END AS siren
    FROM told
"""
# One contract: what the buyer numbers, and the CPV, which tells the lots of one number apart.
UID = "b.identifier || ':' || regexp_replace(number, '[ ,\\\\./]', '_', 'g') || ':' || cpv_of(cpv)"
# The lines that count, narrow: where each is, of which contract, and how old it is.
KEYED = f"""
    CREATE TABLE keyed AS
    WITH dated AS (SELECT line.rowid AS row_at, id_of({UID}) AS key, w.id AS winner,
            day_of(notified_on) AS notified, number_of(amount) AS eur,
            coalesce(TRY_CAST(version AS DOUBLE), -1) AS rank,
            coalesce(yes(is_current), false) AS is_last
        FROM line JOIN party AS b ON b.raw = buyer LEFT JOIN party AS w ON w.raw = line.winner
        WHERE number IS NOT NULL
            AND NOT coalesce(nature ILIKE '%concession%' OR nature ILIKE '%délégation%', false))
    SELECT *, (is_last, rank, coalesce(notified, DATE '0001-01-01')) AS age FROM dated
"""
HISTORY = """
    CREATE TABLE history AS
    SELECT key, max(age) AS last_age, min(notified) AS first_notified,
        arg_min(eur, age) FILTER (eur IS NOT NULL) AS first_eur,
        greatest(count(DISTINCT age) - 1, max(rank))::INTEGER AS modifications
    FROM keyed GROUP BY key
"""
# The last version's lines, once per winner; lots that share number and CPV differ by amount.
CURRENT = """
    CREATE TABLE current AS
    WITH once AS (SELECT key, winner, eur, min(row_at) AS row_at
        FROM keyed JOIN history USING (key) WHERE age = last_age GROUP BY ALL),
    amounts AS (SELECT key, count(DISTINCT eur) > 1 AS is_cut FROM once GROUP BY key)
    SELECT once.*, identifier, siret, siren, CASE WHEN is_cut
            THEN ':' || coalesce(min(identifier) OVER (PARTITION BY key, eur), '?')
            ELSE '' END AS lot
    FROM once JOIN amounts USING (key) LEFT JOIN party ON party.id = winner
"""
LOTS = """
    CREATE TABLE lot AS
    SELECT key, lot, min(row_at) AS row_at, count(winner) AS winners, any_value(eur) AS eur
    FROM current GROUP BY key, lot
"""
STEPS = (PARTIES, KEYED, HISTORY, CURRENT, LOTS)


# Into `scope`: the lots of a buyer of the territory, or won by a firm of the base. A commune's
# SIREN holds its code: 21, département, 0, commune, key.
SCOPE = """
    CREATE TABLE scope AS
    WITH bought AS (SELECT key, lot, buyer_commune, b.siret, b.siren
        FROM lot JOIN line ON line.rowid = row_at JOIN party AS b ON b.raw = buyer)
    SELECT key, lot FROM bought WHERE siret IN (FROM near_buyer) OR siren IN (FROM near_buyer)
        OR buyer_commune IN (FROM near_buyer) OR (siren LIKE '21__0%'
            AND substr(siren, 3, 2) || substr(siren, 6, 3) IN (FROM near_buyer))
    UNION SELECT key, lot FROM current WHERE siren IN (FROM known_firm)
"""
EVERYWHERE = "CREATE TABLE scope AS SELECT key, lot FROM lot"
WINNERS = f"""
    CREATE TABLE winner AS
    SELECT id_of({UID} || lot) AS contract_id,
        row_number() OVER (PARTITION BY key, lot ORDER BY current.identifier) AS position,
        coalesce(upper(said(winner_kind)), 'SIRET') AS kind, current.identifier,
        CASE WHEN kind = 'SIRET' THEN current.siret ELSE '' END AS siret, current.siren,
        prose(winner_name) AS name
    FROM current SEMI JOIN scope USING (key, lot)
    JOIN line ON line.rowid = row_at JOIN party AS b ON b.raw = buyer
    WHERE current.winner IS NOT NULL
"""
# Everything a contract says but its digest; cleaned here, for the contracts kept alone.
COMPOSED = f"""
    CREATE TABLE composed AS
    WITH one AS (SELECT line.*, {UID} || lot.lot AS uid, lot.lot, history.*,
            b.identifier AS buyer_siret, CASE WHEN b.siren = '' AND b.identifier ~ '^[0-9]{{14}}$'
                THEN left(b.identifier, 9) ELSE b.siren END AS buyer_siren, lot.eur, lot.winners,
            doubt(lot.eur, is_absurd) AS doubt, day_of(line.notified_on) AS last_notified,
            prose(line.object) AS told
        FROM lot SEMI JOIN scope USING (key, lot) JOIN history USING (key)
        JOIN line ON line.rowid = lot.row_at JOIN party AS b ON b.raw = buyer)
    SELECT id_of(uid) AS id, uid, buyer_siret, buyer_siren, tidy(buyer_name) AS buyer_name,
        told AS object, key_of(told) AS object_key, cpv_of(cpv) AS cpv,
        replace(tidy(nature), 'Marche', 'Marché') AS nature, tidy(procedure) AS procedure,
        coalesce(listed(techniques), '') AS techniques, tidy(place_code) AS place_code,
        whole_of(months, {LONGEST_MONTHS}) AS months, first_notified AS notified_on,
        day_of(published_on) AS published_on, CASE WHEN modifications > 0
            AND last_notified > first_notified THEN last_notified END AS modified_on,
        modifications, CASE WHEN doubt = '' THEN round(eur, 2) END AS amount_eur,
        CASE WHEN doubt = '' AND doubt(first_eur, false) = '' AND lot = ''
            THEN round(first_eur, 2) END AS initial_eur,
        CASE WHEN doubt = '' THEN '' ELSE doubt || ' : ' || written(eur) || ' €' END AS amount_note,
        whole_of(offers, {MOST_OFFERS}) AS offers, yes(is_innovative) AS is_innovative,
        listed(social) AS social, listed(environmental) AS environmental, winners
    FROM one
"""
DIGESTED = f"""
    CREATE TABLE contract AS
    SELECT composed.*, id_of(concat_ws('|', {
    ", ".join(c for c in CONTRACT if c not in ("id", "digest"))
}, coalesce(told, ''))) AS digest
    FROM composed LEFT JOIN (SELECT contract_id, string_agg(concat_ws(' ', position, kind,
            identifier, name), '|' ORDER BY position) AS told FROM winner GROUP BY contract_id) AS w
        ON w.contract_id = composed.id
"""
# What the base does not hold already in this state or a later one (`known`).
CHANGED = """
    CREATE TABLE new AS
    SELECT contract.id FROM contract LEFT JOIN known USING (id)
    WHERE known.id IS NULL OR (known.digest <> contract.digest
        AND coalesce(contract.published_on >= known.published_on, true))
"""
