"""A need in a buyer's words, a NAF code, a declared sector: each leads to sub-segments."""

import csv
from pathlib import Path

import pytest

from sourcing import segments
from sourcing.segments import Nomenclature, evaluate_needs, load, training
from sourcing.segments.classify import Learned, features, read_learned, stem, terms
from sourcing.source import SourceError
from tests.conftest import shared

OURS = load()


def first(need: str, nomenclature: Nomenclature = OURS) -> str:
    return nomenclature.classify(need)[0].code


def edited(tmp_path: Path, *changes: tuple[str, str], encoding: str = "utf-8") -> Path:
    """Our file with some text replaced, as a person would save it."""
    text = segments.SEGMENTS.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    path = tmp_path / "segments.csv"
    path.write_text(text, encoding=encoding)
    return path


# --- the nomenclature ---


def test_our_nomenclature_is_whole() -> None:
    assert len(OURS.segments) == 105
    assert len(OURS.families) == 16
    assert all(s.keywords and s.naf for s in OURS.segments)


def test_families_keep_the_order_of_the_file() -> None:
    assert OURS.families[0] == ("ENV", "Déchets et économie circulaire")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("EV-02,EV", "EV-01,EV"), "ligne 38, colonne « code » : « EV-01 » est déjà à la ligne 37"),
        (
            ("ENV-01;ENV-03;ENV-04", "ENV-01;ENV-88"),
            "ligne 3, colonne « etendre_a » : code inconnu « ENV-88 »",
        ),
        (
            ("38.11Z;49.41B", "38.11Z;4941"),
            "ligne 2, colonne « naf_codes » : code inconnu « 4941 »",
        ),
        (
            ('"Élagage, abattage, dessouchage, broyage"', '" "'),
            "ligne 38, colonne « sub_segment » : libellé du sous-segment vide",
        ),
        (("keywords_fr", "mots"), "colonne « keywords_fr » absente"),
        ((",EV-02,EV,", ",élagage,EV,"), "ligne 38, colonne « code » : code « élagage » inattendu"),
    ],
)
def test_a_broken_file_is_refused_with_its_line_and_column(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(SourceError) as refused:
        load(edited(tmp_path, change))
    assert sentence in str(refused.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "segments.csv"
    path.write_bytes(b"PK\x03\x04\0\0")
    with pytest.raises(SourceError, match="n'est pas un fichier CSV"):
        load(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="ne peut pas être lu"):
        load(tmp_path / "absent.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_saved_by_a_spreadsheet_reads_the_same(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "segments.csv"
    rows = list(csv.reader(segments.SEGMENTS.read_text(encoding="utf-8").splitlines()))
    with path.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows([*rows, [""] * 14])
    assert load(path).segments == OURS.segments


# --- needs ---


@pytest.mark.parametrize(
    ("need", "code"),
    [
        ("entretien d'espaces verts", "EV-01"),
        ("ENTRETIEN DES ESPACES VERTS", "EV-01"),
        ("nettoyage de locaux", "SRV-01"),
        ("NETTOYAGE DES LOCAUX COMMUNAUX", "SRV-01"),
        ("ordinateurs reconditionnés", "NUM-02"),
        ("gardiennage de déchèterie", "ENV-02"),
        ("mise sous pli", "SRV-09"),
        ("élagage", "EV-02"),
        ("fourniture de vélos électriques", "MOB-03"),
        ("repas en liaison froide", "SRV-05"),
        ("plateaux-repas et cocktails", "SRV-06"),
        ("Maîtrise d'œuvre VRD", "PI-01"),
        ("MOE", "PI-01"),
        ("MISSION CSPS", "PI-02"),
        ("TRAVAUX AEP", "RES-01"),
        ("maintenance SSI", "MNT-03"),
        ("vérification des extincteurs", "MNT-03"),
    ],
)
def test_a_need_leads_to_its_sub_segment(need: str, code: str) -> None:
    assert first(need) == code


@pytest.mark.parametrize(
    ("need", "code"),
    [
        ("CONSTRUCTION D'UNE ECOLE - LOT 3 : PEINTURE", "BAT-05"),
        ("Réhabilitation de la mairie, lot n° 12 Electricité courants forts et faibles", "BAT-06"),
        ("Construction d'un gymnase LOT N°14 ESPACES VERTS PLANTATIONS", "EV-03"),
        ("LOT 2 - NETTOYAGE DE LA VITRERIE", "SRV-01"),
    ],
)
def test_the_lot_outweighs_the_contract(need: str, code: str) -> None:
    assert first(need) == code


def test_what_the_buyer_is_does_not_decide() -> None:
    assert first("Transport de boues pour la régie des eaux de la ville") != "RES-01"
    assert first("Fourniture de papier pour les services de la médiathèque") == "FRN-01"


def test_a_guess_tells_the_words_that_decided_as_they_were_typed() -> None:
    guess = OURS.classify("Nettoyage des vitres de l'hôtel de ville")[0]
    assert {"vitres", "nettoyage"} & set(" ".join(guess.words).split())
    assert OURS.classify("DÉCHÈTERIE")[0].words == ("déchèterie",)


def test_scores_are_shares_best_first() -> None:
    scores = [guess.score for guess in OURS.classify("entretien d'espaces verts", top=5)]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1.001


@pytest.mark.parametrize("nothing", ["", "   ", "!?", "123 456", "LOT 4", "de la ville de"])
def test_a_text_that_says_nothing_has_no_guess(nothing: str) -> None:
    assert OURS.classify(nothing) == []


def test_plurals_and_feminines_meet() -> None:
    assert stem("COMMUNALES") == stem("COMMUNAL") == stem("COMMUNAUX")
    assert stem("TRAVAUX") == "traval"
    assert [t.word for t in terms("l'été des AÎNÉS")] == ["été", "aînés"]


def test_a_keyword_a_buyer_adds_decides_at_once(tmp_path: Path) -> None:
    assert first("Fourniture de pédalos") != "POP-03"
    changed = load(edited(tmp_path, ("piscine; gestion de piscine", "piscine; pédalos")))
    assert first("Fourniture de pédalos", changed) == "POP-03"
    assert first("entretien d'espaces verts", changed) == "EV-01"


def test_a_sub_segment_a_buyer_adds_is_found(tmp_path: Path) -> None:
    path, family = edited(tmp_path), OURS.by_code["EV-01"].family
    with path.open("a", encoding="utf-8") as out:
        out.write(f'"{family}",Ruches,01.49Z,,apiculture urbaine; parrainage de ruches,,EV-90,EV\n')
    assert first("parrainage de ruches", load(path)) == "EV-90"


def test_without_learned_weights_the_keywords_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "read_learned", lambda path: Learned())
    assert first("taille de haies", load()) == "EV-01"


def test_what_is_said_again_is_not_looked_up_again() -> None:
    need = "Fourniture et livraison de repas en liaison froide pour les écoles de la commune. "
    assert len(features(need * 20)) == len(features(need))


@pytest.mark.parametrize(
    ("need", "code"),
    [
        ("MAITRISE D'UVRE POUR LA MISE EN SEPARATIF DES RESEAUX", "PI-01"),
        ("maitrise duvre voirie", "PI-01"),
        ("CONSTRUCTION D'UNE ECOLE - LOT 01GROS ?UVRE", "BAT-02"),
        ("Construction d'un groupe scolaire et d'une cantine - plomberie sanitaires", "BAT-07"),
    ],
)
def test_damaged_letters_and_trailing_clauses_are_understood(need: str, code: str) -> None:
    assert first(need) == code


# --- NAF codes and sectors ---


def test_a_naf_code_is_a_hint_never_a_proof() -> None:
    assert all(
        weight < 0.6 for s in OURS.segments for naf in s.naf for _, weight in OURS.from_naf(naf)
    )


def test_a_specific_naf_says_more_than_a_shared_one() -> None:
    assert dict(OURS.from_naf("43.31Z"))["BAT-05"] > dict(OURS.from_naf("81.30Z"))["EV-01"]


@pytest.mark.parametrize("generic", ["88.99B", "94.99Z", "84.11Z", "88.10C"])
def test_a_generic_naf_says_nothing(generic: str) -> None:
    assert OURS.from_naf(generic) == []


@pytest.mark.parametrize("written", ["81.30Z", "8130Z", " 81.30z "])
def test_a_naf_code_is_read_however_it_is_written(written: str) -> None:
    assert OURS.from_naf(written)[0][0] == "EV-01"


def test_trades_answer_general_contracting_weakly() -> None:
    links = dict(OURS.from_naf("43.22A"))
    assert 0 < links["BAT-01"] < links["BAT-07"]


def test_the_markets_sectors_are_mapped_exactly() -> None:
    with segments.SECTORS.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            expected = {code for code in row["sous_segments"].split(";") if code}
            assert {code for code, _ in OURS.from_sector(row["secteur"])} == expected, row[
                "secteur"
            ]


def test_group_names_with_commas_are_told_apart() -> None:
    joined = OURS.from_sector("Espaces verts & extérieurs, Ameublement, déco, textile & Artisanat")
    assert {"EV-01", "FRN-03"} <= dict(joined).keys()
    assert dict(OURS.from_sector("Recyclage, économie circulaire"))["ENV-03"] == 0.9


@pytest.mark.parametrize(
    ("sector", "code"),
    [
        ("EV-01", "EV-01"),
        ("Élagage, abattage, dessouchage, broyage", "EV-02"),
        ("Espaces verts", "EV-01"),
        ("METALLERIE", "BAT-04"),
        ("Nettoyage de locaux et de bureaux", "SRV-01"),
    ],
)
def test_other_sectors_are_understood(sector: str, code: str) -> None:
    assert OURS.from_sector(sector)[0][0] == code


@pytest.mark.parametrize("vague", ["", "Divers", "Sous-traitance industrielle générique", "Autre"])
def test_a_vague_sector_says_nothing(vague: str) -> None:
    assert OURS.from_sector(vague) == []


# --- measures ---


def test_evaluation_leaves_out_the_undecided_and_takes_either_label(tmp_path: Path) -> None:
    path = tmp_path / "needs.csv"
    path.write_text(
        "need_id,objet,cpv,sous_segment_main,titulaire_naf,jeu\n"
        "1,entretien d'espaces verts,,EV-01|EV-02,81.30Z,\n"
        "2,nettoyage de locaux,,EV-01,81.21Z,\n"
        "3,divers,,?,,\n",
        encoding="utf-8",
    )
    found = evaluate_needs(path, OURS)
    assert (found["n"], found["top1"], found["segment_top1"]) == (2, 0.5, 0.5)
    assert found["naf_hit3"] == 1.0


def test_real_needs_are_understood() -> None:
    found = evaluate_needs(shared("data/needs/needs_dev.csv"), OURS)
    assert found["top1"] >= 0.88
    assert found["top3"] >= 0.96


def test_the_learned_file_is_small_and_holds_only_known_words() -> None:
    learned = read_learned(segments.LEARNED)
    assert segments.LEARNED.stat().st_size < 1_500_000
    assert set(learned.bias) <= set(OURS.by_code)
    assert not [name for name in learned.weights if any(c.isdigit() for c in name)]


def test_training_learns_and_writes_a_file_that_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = tmp_path / "needs_corpus.csv"
    lines = [f"X{n},Tonte de prairies calcaires {n},77310000-6,EV-01,81.30Z" for n in range(8)]
    corpus.write_text(
        "need_id,objet,cpv,sous_segment_cpv,titulaire_naf\n" + "\n".join(lines), encoding="utf-8"
    )
    monkeypatch.setattr(training, "TURNS", 6)
    report = training.train_needs(corpus, None, tmp_path / "words.json", measure=False)
    assert report["needs"] == 8
    learned = read_learned(tmp_path / "words.json")
    assert learned.weights["tont"]["EV-01"] > 0
    # No word of the corpus alone is written.
    assert "prairi calcair" not in learned.weights


def test_measuring_leaves_out_what_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tmp_path / "labels.csv"
    corpus = tmp_path / "needs_corpus.csv"
    words = ("Mairie", "Stade", "Parc", "Place", "Square", "Jardin")
    lines = [f"X{n},{w} tonte de pelouse,77310000-6,EV-01,81.30Z" for n, w in enumerate(words)]
    corpus.write_text(
        "need_id,objet,cpv,sous_segment_cpv,titulaire_naf\n" + "\n".join(lines), encoding="utf-8"
    )
    labels.write_text("need_id,codes\n" + "".join(f"X{n},EV-01\n" for n in range(6)))
    monkeypatch.setattr(training, "LABELS", labels)
    monkeypatch.setattr(training, "TURNS", 4)
    monkeypatch.setattr(training, "FOLDS", 2)
    report = training.train_needs(corpus, None, tmp_path / "words.json", measure=True)
    assert (report["unseen_n"], report["unseen_top3"]) == (6, 1.0)
