-- The invented SIRENE stock. Every value is a pure function of the seed and of the number of the unit (u)
-- or of the establishment (e): any size is written as a stream, twice the same, never held in memory.
-- The lists (words, communes, streets, trades…) arrive as variables from demo/stock.py, numbered from 1.

CREATE MACRO draw(key, salt, n) AS
    ((hash(key::BIGINT, (salt + 1000 * getvariable('seed'))::BIGINT) >> 33)::BIGINT % n)::BIGINT;
CREATE MACRO share(key, salt) AS draw(key, salt, 1000000) / 1000000.0;
CREATE MACRO pick(words, key, salt) AS words[1 + draw(key, salt, len(words))];
CREATE MACRO registered(name) AS upper(strip_accents(replace(replace(name, 'œ', 'oe'), 'Œ', 'OE')));

-- Luhn. `digit` counts from the right; `doubled` is the sum of the digits of 2d.
CREATE MACRO digit(number, place) AS (number // [1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
                                                 100000000][1 + place]) % 10;
CREATE MACRO doubled(d) AS CASE WHEN d < 5 THEN 2 * d ELSE 2 * d - 9 END;
CREATE MACRO siren_of(base) AS base * 10 + (100
    - doubled(digit(base, 0)) - digit(base, 1) - doubled(digit(base, 2)) - digit(base, 3)
    - doubled(digit(base, 4)) - digit(base, 5) - doubled(digit(base, 6)) - digit(base, 7)) % 10;
CREATE MACRO nic_of(siren, rank) AS lpad((rank * 10 + (200
    - doubled(digit(rank, 0)) - digit(rank, 1) - doubled(digit(rank, 2)) - digit(rank, 3)
    - doubled(digit(siren, 0)) - digit(siren, 1) - doubled(digit(siren, 2)) - digit(siren, 3)
    - doubled(digit(siren, 4)) - digit(siren, 5) - doubled(digit(siren, 6)) - digit(siren, 7)
    - doubled(digit(siren, 8))) % 10)::VARCHAR, 5, '0');

-- Legal units: what they do, whether they are open, who may see them.
CREATE MACRO natures(keys) AS TABLE
SELECT *,
    siren_of(30000000 + (u * 48271117 + 7919 * getvariable('seed')) % 60000000) AS number,
    getvariable('trade_slots')[1 + (u * 3571 + 17) % len(getvariable('trade_slots'))] AS t,
    share(u, 1) < 0.27 AS is_closed,
    u % 50 >= 46 AS is_many
FROM query_table(keys);

CREATE MACRO legal_forms(keys) AS TABLE
SELECT *,
    getvariable('trade_profile')[t] AS profile,
    -- A sole trader does not run three or five places.
    CASE WHEN u % 50 >= 48 AND getvariable('forms')[getvariable('trade_profile')[t] * 100 + 1 + draw(u, 2, 100)] = '1000'
         THEN '5710'
         ELSE getvariable('forms')[getvariable('trade_profile')[t] * 100 + 1 + draw(u, 2, 100)] END AS form,
    getvariable('stems')[getvariable('trade_stem_from')[t]
                         + draw(u, 3, getvariable('trade_stem_count')[t])] AS stem,
    pick(getvariable('places'), u, 4) AS place,
    pick(getvariable('surnames'), u, 5) AS surname
FROM natures(keys);

CREATE MACRO firms(keys) AS TABLE
SELECT *,
    form = '1000' AS is_person,
    CASE WHEN share(u, 6) < CASE WHEN form = '1000' THEN 0.31 ELSE 0.02 END THEN 'P' ELSE 'O' END AS status,
    CASE WHEN share(u, 7) < 0.005 THEN DATE '1900-01-01'
         ELSE DATE '2026-08-20' - (share(u, 8) ** 1.7 * 15000)::INTEGER END AS created,
    CASE draw(u, 9, 12)
        WHEN 0 THEN pick(getvariable('brands'), u, 10) || ' ' || stem
        WHEN 1 THEN pick(getvariable('brands'), u, 10) || ' ' || stem
        WHEN 2 THEN pick(getvariable('brands'), u, 10)
        WHEN 3 THEN surname || ' & Fils'
        WHEN 4 THEN stem || ' ' || surname
        WHEN 5 THEN stem || ' ' || pick(getvariable('landscapes'), u, 11)
        WHEN 6 THEN stem || ' ' || pick(getvariable('landscapes'), u, 11)
        WHEN 7 THEN surname || ' ' || stem
        ELSE stem || ' ' || place END AS firm_name,
    CASE WHEN draw(u, 9, 10) < 5 THEN stem || ' ' || pick(getvariable('landscapes'), u, 11)
         ELSE stem || ' de ' || place END AS plain_name,
    CASE WHEN is_closed OR form = '6540' THEN 'NN'
         ELSE getvariable('bands')[CASE WHEN form = '1000' THEN 0 WHEN form = '9220' THEN 200
              WHEN getvariable('trade_profile')[t] = getvariable('industry') THEN 600 ELSE 400 END
              + 1 + draw(u, 12, 200)] END AS band,
    1 + CASE WHEN u % 50 = 46 THEN 1 ELSE 0 END + draw(u, 13, 3) AS head_rank
FROM legal_forms(keys);

CREATE MACRO named(keys) AS TABLE
SELECT *,
    CASE WHEN is_person THEN NULL
         WHEN form = '6540' THEN 'SCI ' || CASE draw(u, 14, 8) WHEN 0 THEN pick(getvariable('landscapes'), u, 11)
              WHEN 1 THEN surname WHEN 2 THEN surname WHEN 3 THEN pick(getvariable('brands'), u, 10) ELSE place END
         WHEN form LIKE '92%' THEN plain_name
         WHEN draw(u, 14, 8) = 0 THEN getvariable('form_short')[form] || ' ' || firm_name
         ELSE firm_name END AS name
FROM firms(keys);

-- The invented units and those of the cast (demo/cast.py), in one layout.
CREATE VIEW unit_keys AS SELECT u FROM range(getvariable('units')) AS t(u);
CREATE VIEW all_units AS
SELECT * FROM cast_units
UNION ALL BY NAME
SELECT
    lpad(number::VARCHAR, 9, '0') AS siren, status, is_person, created, NOT is_closed AS is_open,
    form, band, name, is_closed AND created < DATE '2020-01-01' AND draw(u, 15, 12) = 0 AS is_purged,
    CASE WHEN form = '9220' AND draw(u, 16, 3) = 0 THEN left(registered(stem), 1) || left(registered(place), 3) END
        AS sigle,
    pick(getvariable('first_names'), u, 17) AS first_name,
    CASE WHEN draw(u, 18, 2) = 0 THEN pick(getvariable('first_names'), u, 19) END AS second_name,
    getvariable('sexes')[1 + draw(u, 17, len(getvariable('sexes')))] AS sex,
    surname,
    CASE WHEN draw(u, 20, 14) = 0 THEN pick(getvariable('surnames'), u, 21) END AS used_surname,
    CASE WHEN NOT is_person AND draw(u, 22, 12) = 0 THEN plain_name END AS usual_name,
    CASE WHEN draw(u, 23, 900) = 0 AND NOT is_person THEN 'GE' WHEN draw(u, 23, 900) < 8 AND NOT is_person THEN 'ETI'
         WHEN is_closed OR draw(u, 23, 900) > 760 THEN NULL ELSE 'PME' END AS category,
    getvariable('trade_naf')[t] AS naf,
    getvariable('trade_naf25')[t] AS naf25,
    nic_of(number, head_rank) AS head_nic,
    CASE WHEN form LIKE '92%' OR form = '5458' THEN 'O' WHEN is_person OR draw(u, 24, 300) > 0 THEN
         CASE WHEN draw(u, 25, 3) > 0 THEN 'N' END ELSE 'O' END AS ess,
    CASE WHEN form = '5710' AND draw(u, 26, 700) = 0 THEN 'O' WHEN draw(u, 27, 3) = 0 THEN 'N' END AS mission,
    CASE WHEN form LIKE '92%' THEN 'W56' || lpad(draw(u, 28, 10000000)::VARCHAR, 7, '0') END AS association,
    1 + draw(u, 29, 5) AS periods,
    TIMESTAMP '2024-01-02 06:10:00' + to_seconds(draw(u, 30, 83000000)) AS treated,
    created + (share(u, 31) * greatest(0, DATE '2026-08-20' - created))::INTEGER AS since
FROM named('unit_keys');

-- Establishments: a seat in the order of the file, then where it stands.
CREATE VIEW establishment_keys AS
SELECT e, e // 58 * 50 + getvariable('seat_unit')[1 + e % 58] AS u, getvariable('seat_rank')[1 + e % 58] AS rank
FROM range(getvariable('establishments')) AS t(e);

CREATE VIEW seated AS
SELECT *,
    getvariable('commune_slots')[1 + draw(e, 101, len(getvariable('commune_slots')))] AS c,
    NOT is_closed AND (rank = 0 OR (u % 50 <> 46 AND draw(e, 102, 100) >= 25)) AS is_open,
    CASE WHEN u % 50 = 46 THEN 2 - rank ELSE 1 + rank END + draw(u, 13, 3) AS nic_rank
FROM named('establishment_keys');

-- An address is a slot of its commune, drawn by several firms now and then; business parks are shared more.
CREATE VIEW addressed AS
SELECT *,
    getvariable('commune_zones')[c] > 0 AND share(e, 103) < getvariable('zone_share')[1 + profile] AS is_zone,
    c * 1000000 + draw(e, 104, getvariable('commune_addresses')[c]) AS slot
FROM seated;
CREATE VIEW in_street AS
SELECT *,
    getvariable('commune_street_from')[c] + CASE
        WHEN is_zone THEN draw(e, 105, getvariable('commune_zones')[c])
        ELSE getvariable('commune_zones')[c] + draw(slot, 106, getvariable('commune_streets')[c]) END AS street,
    1 + CASE WHEN is_zone THEN draw(e, 107, 40) ELSE (share(slot, 108) ** 2 * 98)::BIGINT END AS number_there
FROM addressed;

CREATE VIEW all_establishments AS
SELECT * FROM cast_establishments
UNION ALL BY NAME
SELECT
    lpad(number::VARCHAR, 9, '0') AS siren, nic_of(number, nic_rank) AS nic, status, is_person, is_open,
    rank = 0 AS is_head,
    CASE WHEN NOT is_open THEN 'NN' WHEN rank = 0 OR band IN ('NN', '00', '01') THEN band
         ELSE ['NN', '01', '02', '03'][1 + draw(e, 109, 4)] END AS band,
    created + (CASE WHEN rank = 0 AND u % 50 <> 46 THEN 0 ELSE share(e, 110) END
               * greatest(0, DATE '2026-08-20' - created))::INTEGER AS created,
    CASE WHEN draw(e, 111, 40) = 0 THEN pick(['BATIMENT A', 'BATIMENT B', 'APPARTEMENT 2', '1ER ETAGE',
                                              'RESIDENCE DU PARC', 'HALL 3'], e, 112) END AS complement,
    CASE WHEN getvariable('street_kind')[street] <> 'LIEU-DIT' THEN number_there::VARCHAR END AS number,
    CASE WHEN draw(e, 113, 30) = 0 AND getvariable('street_kind')[street] <> 'LIEU-DIT' THEN 'B' END AS repeat,
    getvariable('street_kind')[street] AS street_kind,
    getvariable('street_label')[street] AS street_label,
    pick(getvariable('commune_postcodes')[c], slot, 114) AS postcode,
    getvariable('commune_name')[c] AS commune,
    getvariable('commune_code')[c] AS commune_code,
    CASE WHEN draw(e, 115, 16) > 0 THEN round(getvariable('street_x')[street]
         + number_there * getvariable('street_dx')[street], 1) END AS x,
    CASE WHEN draw(e, 115, 16) > 0 THEN round(getvariable('street_y')[street]
         + number_there * getvariable('street_dy')[street] + number_there % 2 * 7, 1) END AS y,
    getvariable('commune_code')[c] || lpad((street - getvariable('commune_street_from')[c] + 11)::VARCHAR, 4, '0')
        || '_B' AS address_key,
    CASE WHEN is_person AND draw(u, 32, 10) < 3 THEN plain_name
         WHEN NOT is_person AND is_many AND draw(e, 116, 2) = 0 THEN name
         WHEN NOT is_person AND draw(u, 33, 10) < 2 THEN pick(getvariable('brands'), u, 10) END AS sign,
    CASE WHEN draw(u, 34, 9) = 0 AND form <> '6540' THEN stem || ' ' || place END AS usual_name,
    CASE WHEN NOT is_open AND draw(e, 117, 8) = 0 THEN NULL ELSE getvariable('trade_naf')[t] END AS naf,
    CASE WHEN is_open THEN getvariable('trade_naf25')[t] END AS naf25,
    1 + draw(e, 118, 4) AS periods,
    TIMESTAMP '2024-01-02 06:10:00' + to_seconds(draw(e, 119, 83000000)) AS treated,
    created + (share(e, 120) * greatest(0, DATE '2026-08-20' - created))::INTEGER AS since
FROM in_street;
