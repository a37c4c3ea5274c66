"""One cleaner per field: what is put right, what is refused, and what is said of it."""

import csv
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourcing import normalise
from sourcing.normalise import clean
from sourcing.normalise.text import fold_all
from sourcing.source import Record
from tests.conftest import shared

Cleaner = Callable[[str], str]
SIRET = "41155513900012"


def refused(cleaner: Cleaner, text: str) -> str:
    """The clause a person reads."""
    with pytest.raises(ValueError) as caught:
        cleaner(text)
    return str(caught.value)


# --- SIRET and SIREN ---


@pytest.mark.parametrize(
    "text",
    ["411 555 139 00012", "SIRET : 411 555 139 00012", "411\u00a0555\u202f139\u200900012",
     "411.555.139.00012", "41155513900012.0", "4,1155513900012E+13", "４１１５５５１３９00012",
     "Siret n° 411 555 139 00012 (siège)", "siren 411555139 nic 00012", "\ufeff41155513900012 ",
     "n° 12, 411 555 139 00012"],
)  # fmt: skip
def test_a_siret_is_found_however_it_is_written(text: str) -> None:
    assert normalise.siret(text) == SIRET


def test_lost_leading_zeros_come_back_when_the_key_agrees() -> None:
    assert normalise.siret("8628031000102") == "08628031000102"
    assert normalise.siret("SIRET 8628031000102") == "08628031000102"
    assert "pas de zéro de tête perdu" in refused(normalise.siret, "8628031000103")


@pytest.mark.parametrize("text", ["7.75618E+13", "7,756176730040E+13", "4E13"])
def test_digits_lost_by_a_spreadsheet_are_not_invented(text: str) -> None:
    assert "le tableur a perdu des chiffres" in refused(normalise.siret, text)


@pytest.mark.parametrize(
    ("text", "clause"),
    [("00000000000000", "que des zéros"), ("411555139", "c'est un SIREN"), ("[ND]", "INSEE"),
     ("4115551390001", "clé fausse"), ("41155513900013", "clé de contrôle fausse"), ("12", "2 ch"),
     ("123456789012345", "15 chiffres"), ("voir siège", "aucun SIRET"),
     ("411 555 139 00012 et 356 000 000 00048", "plusieurs SIRET")],
)  # fmt: skip
def test_an_unusable_siret_says_why(text: str, clause: str) -> None:
    assert clause in refused(normalise.siret, text)


@pytest.mark.parametrize("text", ["", "  ", "-", "néant", "#N/D", "Non renseigné"])
def test_nothing_stays_nothing_without_a_word(text: str) -> None:
    for cleaner in (normalise.siret, normalise.siren, normalise.phone, normalise.website):
        assert cleaner(text) == ""


def test_la_poste_has_its_own_rule() -> None:
    assert normalise.is_siret("35600000049837")
    assert not normalise.luhn("35600000049837")
    assert not normalise.is_siret("35600000049838")


def test_a_made_up_number_may_have_a_right_key() -> None:
    assert normalise.siret("11122233344455") == "11122233344455"


def test_a_vat_number_gives_its_siren() -> None:
    assert normalise.siren("FR 83 404 833 048") == "404833048"
    assert "clé de contrôle fausse" in refused(normalise.siren, "FR84404833048")


def test_a_siren_comes_from_a_siret_or_from_a_short_number() -> None:
    assert normalise.siren("411 555 139 00012") == "411555139"
    assert normalise.siren("RCS Lorient B 411 555 139") == "411555139"
    assert normalise.siren("5520135") == "005520135"
    assert "que des zéros" in refused(normalise.siren, "000000000")


@given(st.text(max_size=60))
def test_whatever_is_typed_a_siret_is_valid_or_explained(text: str) -> None:
    try:
        found = normalise.siret(text)
    except ValueError as error:
        assert str(error)
    else:
        assert found == "" or normalise.is_siret(found)


# --- places ---


@pytest.mark.parametrize(
    ("text", "postcode"),
    [("1150", "01150"), ("12 345", "12345"), ("56100", "56100"), ("56100.0", "56100"),
     ("56321 LORIENT CEDEX", "56321"), ("F-56100", "56100"), ("97133", "97133"), ("", "")],
)  # fmt: skip
def test_a_postcode_has_five_digits(text: str, postcode: str) -> None:
    assert normalise.postcode(text) == postcode


@pytest.mark.parametrize("text", ["56", "2A004", "99999", "00000", "B-1000", "56100/56270", "[ND]"])
def test_what_is_not_a_french_postcode_is_refused(text: str) -> None:
    assert refused(normalise.postcode, text)


@pytest.mark.parametrize(
    ("code", "departement"),
    [("56100", "56"), ("01150", "01"), ("20090", "2A"), ("20600", "2B"), ("2B033", "2B"),
     ("97460", "974"), ("97133", "977"), ("98000", ""), ("", "")],
)  # fmt: skip
def test_the_departement_of_a_code(code: str, departement: str) -> None:
    assert normalise.departement_of(code) == departement


@pytest.mark.parametrize(
    ("text", "code"),
    [("56", "56"), ("1", "01"), ("2a", "2A"), ("056", "56"), ("Morbihan", "56"), ("974", "974"),
     ("56 - Morbihan", "56"), ("Côtes d'Armor", "22"), ("la réunion", "974"), ("Loire", "42")],
)  # fmt: skip
def test_a_departement_is_known_by_code_or_name(text: str, code: str) -> None:
    assert normalise.departement(text) == code


def test_a_commune_code_gets_its_zero_back() -> None:
    assert normalise.commune_code("1047") == "01047"
    assert normalise.commune_code("2a004") == "2A004"
    assert refused(normalise.commune_code, "LORIENT")


# --- contact ---


@pytest.mark.parametrize(
    ("text", "number"),
    [("02 97 02 29 00", "+33297022900"), ("+33 (0)2 97 02 29 00", "+33297022900"),
     ("0033297022900", "+33297022900"), ("297022900", "+33297022900"),
     ("297022900.0", "+33297022900"), ("02.97.02.29.00 (standard)", "+33297022900"),
     ("Tél. : 02 97 02 29 00 poste 12", "+33297022900"), ("02/97/02/29/00", "+33297022900"),
     ("02 97 02 29 00 / 06 12 34 56 78", "+33297022900"), ("+32 2 123 45 67", "+3221234567"),
     ("0262 20 20 20", "+262262202020"), ("0692 12 34 56", "+262692123456"),
     ("0596 70 70 70", "+596596707070"), ("05 08 41 12 34", "+508411234")],
)  # fmt: skip
def test_a_phone_is_written_for_the_whole_world(text: str, number: str) -> None:
    assert normalise.phone(text) == number


@pytest.mark.parametrize(
    "text", ["3949", "0000000000", "02 22 22 22 22", "02 97 02 29", "contact", "[ND]", "00"]
)
def test_what_cannot_be_dialled_is_refused(text: str) -> None:
    assert refused(normalise.phone, text)


@pytest.mark.parametrize(
    ("text", "address"),
    [("Contact@Atelier.FR", "contact@atelier.fr"), ("mailto:a.b@c.fr?subject=x", "a.b@c.fr"),
     ("contact [at] atelier.fr", "contact@atelier.fr"), ("a@x.fr; b@y.fr", "a@x.fr"),
     ("Atelier <accueil@atelier.fr>", "accueil@atelier.fr"), ("élan@crêperie.bzh",) * 2],
)  # fmt: skip
def test_an_email_is_one_address_in_lower_case(text: str, address: str) -> None:
    assert normalise.email(text) == address


@pytest.mark.parametrize("text", ["a@b", "a..b@x.fr", "www.x.fr", "javascript:alert(1)@", "[ND]"])
def test_an_email_that_would_bounce_is_refused(text: str) -> None:
    assert refused(normalise.email, text)


@pytest.mark.parametrize(
    ("text", "url"),
    [("www.atelier.fr", "http://www.atelier.fr"), ("HTTPS://Atelier.FR/A", "https://atelier.fr/A"),
     ("http:\\\\www.x.fr", "http://www.x.fr"), ("http//www.x.fr", "http://www.x.fr"),
     ("http://http://x.fr", "http://x.fr"), ("www.a.fr / www.b.fr", "http://www.a.fr"),
     ("x.fr:8080/a?b=c&d=e", "http://x.fr:8080/a?b=c&d=e"), ("www.crêperie.bzh",
      "http://www.crêperie.bzh")],
)  # fmt: skip
def test_a_website_can_be_opened(text: str, url: str) -> None:
    assert normalise.website(text) == url


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "JaVaScript:alert(1)//x.fr", "java\tscript:alert(1)",
     "data:text/html,x", "vbscript:x.fr", "ftp://x.fr", "mailto:a@x.fr", "contact@x.fr", "http://localhost/",
     "http://127.0.0.1/", "en construction", 'http://x.fr"onclick="x', "http://a@x.fr", "[ND]"],
)  # fmt: skip
def test_what_a_browser_should_not_follow_is_refused(text: str) -> None:
    assert refused(normalise.website, text)


@given(st.text(max_size=80))
def test_whatever_is_typed_a_website_is_plain_http(text: str) -> None:
    try:
        url = normalise.website(text)
    except ValueError:
        return
    assert url == "" or re.match(r"https?://[^\s\"'<>`]+$", url)


# --- codes of INSEE ---


@pytest.mark.parametrize(
    ("text", "code"),
    [("8130Z", "81.30Z"), ("81.30z", "81.30Z"), ("81.30Z - Paysage", "81.30Z"),
     ("1.13Z", "01.13Z"), ("71.12Y", "71.12Y"), ("", "")],
)  # fmt: skip
def test_a_naf_code_has_its_dot(text: str, code: str) -> None:
    assert normalise.naf(text) == code


def test_codes_of_an_older_nomenclature_are_named_as_such() -> None:
    assert "avant 2008" in refused(normalise.naf, "702C")
    assert "quatre chiffres et une lettre" in refused(normalise.naf, "BTP")


def test_every_code_of_both_nomenclatures_is_told_apart() -> None:
    for file, version in (("naf_rev2_732.csv", "rev2"), ("naf_2025.csv", "2025")):
        with shared(f"data/nomenclatures/{file}").open(encoding="utf-8") as rows:
            codes = [row["code"] for row in csv.DictReader(rows)]
        assert {normalise.naf_version(code) for code in codes} == {version}
        assert [normalise.naf(code.replace(".", "")) for code in codes] == codes


@pytest.mark.parametrize(
    ("text", "code"),
    [("5499", "5499"), ("5499.0", "5499"), ("SARL", "5499"), ("association", "9220"),
     ("Ass.L.1901 R.U.P.", "9230"), ("92", ""), ("?", "")],
)  # fmt: skip
def test_a_legal_form_is_a_category_or_nothing(text: str, code: str) -> None:
    assert normalise.legal_form(text) == code


# --- words ---


def test_folding_keeps_letters_and_figures_only() -> None:
    assert normalise.fold("SAS Feuille d'Érable & Cie") == "SAS FEUILLE D ERABLE ET CIE"
    assert normalise.fold("Œuvre « Cœur »") == "OEUVRE COEUR"


@given(st.lists(st.one_of(st.text(max_size=9), st.from_regex(r"[ -ɏ&œß’\n]{0,9}"))))
def test_texts_fold_together_as_each_alone(texts: list[str]) -> None:
    assert fold_all(texts) == [normalise.fold(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "key"),
    [("Lorient Cedex 2", "LORIENT"), ("ST-GILLES", "SAINT GILLES"), ("56100 LORIENT", "LORIENT"),
     ("L'Île-d'Yeu", "ILE YEU"), ("PARIS 12", "PARIS"), ("Lyon 3ème arrondissement", "LYON"),
     ("Marseille CEDEX 03", "MARSEILLE"), ("Ste Hélène s/ Mer", "SAINTE HELENE SUR MER"),
     ("Paris-l'Hôpital", "PARIS HOPITAL")],
)  # fmt: skip
def test_a_commune_is_compared_by_its_bare_name(text: str, key: str) -> None:
    assert normalise.place_key(text) == key


@pytest.mark.parametrize(
    ("text", "words"),
    [("Entretien d'espaces verts", "entretien espace vert"), ("L’ESAT du Blavet", "esat blavet"),
     ("travaux de réseaux locaux", "travail reseau local"), ("E.S.A.T. et S.A.R.L.", "esat sarl"),
     ("qu'ils s'occupent du bus", "occupent bus"), ("FEUILLE D ERABLE", "feuille erable")],
)  # fmt: skip
def test_search_words_are_folded_and_singular(text: str, words: str) -> None:
    assert normalise.words(text) == words.split()


# --- positions ---


@pytest.mark.parametrize(
    ("x", "y"),
    [("-3.37", "47.748"), ("47,748", "-3,37"), ("", "47.748, -3.37"), ("[47.748, -3.37]", ""),
     ("223128.6", "6757921.2"), ("6757921.2", "223128.6"), ("172500", "2320599"),
     (" 223 128,6 ", "6 757 921,2"), ("1222909", "7191704"), ("-375146.7", "6065032.9"),
     ("3°22'12\"O", "47° 44' 52,8\" N")],
)  # fmt: skip
def test_every_usual_system_leads_to_lorient(x: str, y: str) -> None:
    lon, lat = normalise.position(x, y) or (0.0, 0.0)
    assert [lon, lat] == pytest.approx([-3.37, 47.748], abs=0.01)


def test_overseas_metres_need_their_departement() -> None:
    lon, lat = normalise.position("338000", "7650000", "974") or (0.0, 0.0)
    assert [lon, lat] == pytest.approx([55.44, -21.24], abs=0.01)


@pytest.mark.parametrize(
    ("x", "y"),
    [("0", "0"), ("0.0", "0.0"), ("[ND]", "[ND]"), ("", ""), ("nan", "47"), ("inf", "1"),
     ("2.35", "0"), ("-73.5", "45.5"), ("200", "300"), ("1e400", "1"), ("47.7", "")],
)  # fmt: skip
def test_no_position_is_better_than_a_wrong_one(x: str, y: str) -> None:
    assert normalise.position(x, y) is None


@pytest.mark.parametrize(
    ("text", "precision"),
    [("11", "exact"), ("12", "street"), ("22", "street"), ("33", ""), ("housenumber", "exact"),
     ("street", "street"), ("municipality", "commune"), ("exact", "exact"), ("?", "")],
)  # fmt: skip
def test_a_precision_is_one_of_three_words(text: str, precision: str) -> None:
    assert normalise.precision(text) == precision


# --- a whole record ---


def test_a_bad_field_is_emptied_and_reported_and_the_rest_stays() -> None:
    cleaned, problems = clean(
        Record(name=" Atelier  du Blavet ", siret="41155513900013", phone="x")
    )
    assert (cleaned.name, cleaned.siret, cleaned.phone) == ("Atelier du Blavet", "", "")
    assert [problem.field for problem in problems] == ["siret", "phone"]


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [("siret", "8628031000102", "08628031000102"), ("postcode", "1150", "01150"),
     ("commune_code", "1047", "01047"), ("siren", "5520135", "005520135")],
)  # fmt: skip
def test_a_zero_put_back_is_always_said(field: str, text: str, value: str) -> None:
    cleaned, problems = clean(Record(**{field: text}))  # type: ignore[arg-type]
    assert getattr(cleaned, field) == value
    assert problems[0].sentence == f"zéro de tête rétabli : « {text} » devient {value}"


def test_a_zero_that_was_there_is_not_reported() -> None:
    assert clean(Record(siret="086 280 310 00102", postcode="01150"))[1] == []


def test_a_siren_or_a_vat_number_in_the_siret_column_still_serves() -> None:
    for text in ("404833048", "FR83404833048"):
        cleaned, problems = clean(Record(siret=text))
        assert (cleaned.siret, cleaned.siren) == ("", "404833048")
        assert [p.field for p in problems] == ["siret"]


def test_a_siren_that_contradicts_the_siret_loses() -> None:
    cleaned, problems = clean(Record(siret=SIRET, siren="404833048"))
    assert cleaned.siren == "411555139"
    assert "n'est pas celui du SIRET" in problems[0].sentence


def test_a_position_carries_its_precision() -> None:
    assert clean(Record(x="-3.37", y="47.75"))[0].precision == "exact"
    assert clean(Record(x="-3.37", y="47.75", precision="street"))[0].precision == "street"
    assert clean(Record(precision="street"))[0].precision == ""


def test_the_null_island_is_reported() -> None:
    cleaned, problems = clean(Record(x="0", y="0", precision="exact"))
    assert (cleaned.lon, cleaned.precision) == (None, "")
    assert problems[0].field == "position"


def test_the_postcode_tells_which_overseas_system() -> None:
    cleaned, problems = clean(Record(x="338000", y="7650000", postcode="97410"))
    assert (problems, cleaned.departement) == ([], "974")
    assert cleaned.lat == pytest.approx(-21.24, abs=0.01)


def test_masked_values_are_emptied_everywhere() -> None:
    cleaned, problems = clean(Record(name="[ND]", address="[ND]", postcode="[ND]", x="[ND]"))
    assert (cleaned.name, cleaned.address, cleaned.postcode, cleaned.lon) == ("", "", "", None)
    assert len(problems) == 4


def test_html_in_a_text_is_dropped() -> None:
    hostile = "<b>ATELIER</b> &amp; FILS<script>alert(1)</script>"
    assert clean(Record(name=hostile))[0].name == "ATELIER & FILS"
    assert clean(Record(name="Prix < 5 & > 3"))[0].name == "Prix < 5 & > 3"


def test_lists_lose_their_blanks_and_doubles() -> None:
    assert clean(Record(sectors=(" Bois ", "", "Bois", "-")))[0].sectors == ("Bois",)


def test_a_message_never_quotes_a_whole_file() -> None:
    _, problems = clean(Record(siret="9" * 1_000_000, phone="x" * 100_000))
    assert all(len(problem.sentence) < 160 for problem in problems)


def test_cleaning_twice_changes_nothing() -> None:
    once, _ = clean(Record(name="A &lt; B", siret="411 555 139 00012", x="223128", y="6757921",
                           phone="0692123456", website="WWW.X.FR", naf="8130z"))  # fmt: skip
    twice, problems = clean(once)
    assert (twice, problems) == (once, [])


# --- the real files ---


def test_every_line_of_the_official_esat_list_has_a_siret_or_a_reason() -> None:
    path = shared("data/sources/esat_gesat/esat_liste_officielle_finess_2026.csv")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kinds = {"valid": 0, "restored": 0, "missing": 0, "refused": 0}
    for row in rows:
        cleaned, problems = clean(Record(siret=row["ET-SIRET"]))
        sentences = " ".join(problem.sentence for problem in problems)
        kinds["restored" if "rétabli" in sentences else "valid" if cleaned.siret
              else "refused" if problems else "missing"] += 1  # fmt: skip
    assert len(rows) == 1504
    assert (kinds["restored"], kinds["missing"]) == (2, 78)
    assert kinds["valid"] + kinds["refused"] == 1424


def test_postcodes_and_commune_codes_of_the_esat_list_agree() -> None:
    path = shared("data/sources/esat_gesat/esat_liste_officielle_finess_2026.csv")
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cleaned, _ = clean(Record(postcode=row["ET-Code Postal"], departement=row[
                "ET-Département Code"], commune_code=row["ET-Commune Code"]))  # fmt: skip
            assert cleaned.departement == normalise.departement_of(cleaned.commune_code)
            assert len(cleaned.postcode) == 5


def test_dirty_breton_structures_are_placed_in_brittany() -> None:
    path = shared("data/sources/innovation/bretagne_structures_innovation.geojson")
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        lon, lat = feature["geometry"]["coordinates"]
        found = normalise.position(str(lat), str(lon))
        assert found == (lon, lat)
        raw = feature["properties"]["siret"] or ""
        cleaned, problems = clean(Record(siret=str(raw)))
        assert bool(cleaned.siret) != bool(problems) or not raw.strip()
