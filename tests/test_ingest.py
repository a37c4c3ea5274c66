"""One run: every row in one count, all or nothing, the same file twice changes nothing."""

import csv
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors import esat_gesat, innovation, liste, marche_inclusion
from connectors.readers import read
from sourcing import db
from sourcing.ingest import ingest, rehearse, rejects, withdraw
from sourcing.ingest.intake import COUNTS
from sourcing.mapping import Mapping, saved
from sourcing.model import Mention, Place, Reject, Run, Supplier
from sourcing.normalise.text import place_key
from sourcing.places import load_territory
from sourcing.source import Record, Row, Shape, Source
from tests.conftest import shared

COMMUNES = (
    ("56121", "Lorient", "56100", -3.379, 47.7505, True),
    ("56098", "Lanester", "56600", -3.342, 47.765, True),
    ("56185", "Quéven", "56530", -3.414, 47.788, True),
    ("29233", "Quimperlé", "29300", -3.549, 47.872, False),
    ("56260", "Vannes", "56000", -2.757, 47.658, False),
)
TODAY = date.today()


def parse(row: Row) -> Record | None:
    if row.get("Genre") == "autre":
        return None
    if row.get("Genre") == "faux":
        raise ValueError("genre inconnu")
    return Record(
        name=row.get("Nom"), siret=row.get("Siret"), commune=row.get("Ville"),
        postcode=row.get("CP"), statuses=("siae:EI",), sectors=tuple(row.get("Secteur").split()),
        x=row.get("X"), y=row.get("Y"), key=row.get("Cle"),
    )  # fmt: skip


LIST = Source(
    name="essai", title="Liste d'essai", publisher="nous", licence="aucune",
    url="https://a.example", kind="list",
    shapes=(Shape("simple", frozenset({"Nom", "Ville"}), frozenset({"Siret", "CP"})),),
    read=read, parse=parse, expects=(1, 50),
)  # fmt: skip


@pytest.fixture
def territory(session: Session) -> Session:
    for code, name, postcode, lon, lat, is_member in COMMUNES:
        place = Place(code=code, name=name, name_key=place_key(name), postcodes=postcode)
        place.departement, place.in_territory = code[:2], is_member
        place.lon, place.lat = lon, lat
        session.add(place)
    session.flush()
    return session


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def put(*lines: dict[str, str], name: str = "liste.csv") -> Path:
        columns = list(dict.fromkeys(c for line in lines for c in line))
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(lines)
        return tmp_path / name

    return put


def line(name: str, town: str = "Lorient", **values: str) -> dict[str, str]:
    return {"Nom": name, "Ville": town, "Siret": "", "CP": "", **values}


def counts(run: Run) -> dict[str, int]:
    found = {name: getattr(run, name) for name in COUNTS}
    assert found["rows"] == sum(count for name, count in found.items() if name != "rows")
    return {name: count for name, count in found.items() if count}


def mentions(session: Session) -> dict[str, Mention]:
    session.expire_all()
    return {m.name: m for m in session.scalars(select(Mention).order_by(Mention.id))}


def test_every_row_is_in_one_count(territory: Session, write: Callable[..., Path]) -> None:
    path = write(
        line("Près"), line("Loin", "Vannes"), line("Ailleurs", "Nulle-Part"),
        line("Près"), line("Étranger", Genre="autre"), line("Faux", Genre="faux"), line(""),
    )  # fmt: skip
    run = ingest(territory, LIST, [path])
    assert counts(run) == {
        "rows": 7, "kept": 1, "outside": 1, "unplaced": 1, "repeated": 1, "out_of_scope": 1,
        "rejected": 2,
    }  # fmt: skip
    assert [(r.line, r.reason) for r in rejects(territory, run)] == [
        (7, "genre inconnu"), (8, "aucun nom sur cette ligne"),
    ]  # fmt: skip
    assert run.outcome == "done" and run.finished_at
    assert run.leftover == ["Genre"]
    assert run.files[0]["shape"] == "simple" and len(run.files[0]["sha256"]) == 64


def test_the_margin_is_measured_from_the_territory(
    territory: Session, write: Callable[..., Path]
) -> None:
    path = write(line("Voisin", "Quimperlé"))
    assert counts(ingest(territory, LIST, [path], margin_km=5)) == {"rows": 1, "outside": 1}
    assert counts(ingest(territory, LIST, [path], margin_km=30)) == {"rows": 1, "kept": 1}


def test_an_exact_position_places_a_row_without_commune(
    territory: Session, write: Callable[..., Path]
) -> None:
    path = write(line("Ici", "", X="-3.37", Y="47.75"), line("Loin", "", X="2.35", Y="48.85"))
    assert counts(ingest(territory, LIST, [path])) == {"rows": 2, "kept": 1, "outside": 1}
    assert mentions(territory)["Ici"].commune_code == "56121"


def test_a_commune_gives_its_centre_when_there_is_no_position(
    territory: Session, write: Callable[..., Path]
) -> None:
    ingest(territory, LIST, [write(line("Ici"))])
    found = mentions(territory)["Ici"]
    assert (found.lon, found.lat, found.precision) == (-3.379, 47.7505, "commune")


def test_a_position_far_from_its_commune_is_set_aside_and_said(
    territory: Session, write: Callable[..., Path]
) -> None:
    ingest(territory, LIST, [write(line("Ici", X="2.35", Y="48.85"))])
    found = mentions(territory)["Ici"]
    assert (found.lon, found.precision) == (-3.379, "commune")
    assert any("écartée" in sentence for _, sentence in found.problems)


def test_everywhere_keeps_what_is_far_or_nowhere(
    territory: Session, write: Callable[..., Path]
) -> None:
    path = write(line("Loin", "Vannes"), line("Nulle part", "Nulle-Part"))
    assert counts(ingest(territory, LIST, [path], everywhere=True)) == {"rows": 2, "kept": 2}


def test_a_known_siret_is_kept_without_a_commune(
    territory: Session, write: Callable[..., Path]
) -> None:
    territory.add(Supplier(uid="1", siret="90000010000017", origin="register", name="A",
                           first_seen=TODAY, last_seen=TODAY))  # fmt: skip
    path = write(line("Connu", "", Siret="90000010000017"), line("Autre", ""))
    assert counts(ingest(territory, LIST, [path])) == {"rows": 2, "kept": 1, "unplaced": 1}


def test_without_territory_a_person_is_told_what_to_run(
    session: Session, write: Callable[..., Path]
) -> None:
    run = ingest(session, LIST, [write(line("A"))])
    assert run.outcome == "refused"
    assert "sourcing territory" in run.message


def test_the_same_file_twice_changes_nothing(
    territory: Session, write: Callable[..., Path]
) -> None:
    def state() -> list[tuple[object, ...]]:
        columns = [c for c in Mention.__table__.columns if c.name != "run_id"]
        return [tuple(row) for row in territory.execute(select(*columns).order_by(Mention.id))]

    path = write(line("A", Siret="90000010000017"), line("B", Cle="b"), line("C", "Quéven"))
    first = counts(ingest(territory, LIST, [path]))
    before = state()
    assert counts(ingest(territory, LIST, [path])) == first
    assert state() == before


def test_a_line_already_linked_stays_linked_until_it_names_someone_else(
    territory: Session, write: Callable[..., Path]
) -> None:
    territory.add(
        Supplier(id=1, uid="1", origin="essai", name="A", first_seen=TODAY, last_seen=TODAY)
    )
    ingest(territory, LIST, [write(line("A", Cle="a"), line("B", Cle="b"))])
    for mention in mentions(territory).values():
        mention.supplier_id = 1
        mention.first_seen = date(2020, 1, 1)
    territory.flush()
    ingest(territory, LIST, [write(line("A", Cle="a", Secteur="bois"), line("Z", Cle="b"))])
    found = mentions(territory)
    assert (found["A"].supplier_id, found["A"].sectors) == (1, ["bois"])
    assert (found["Z"].supplier_id, found["Z"].first_seen) == (None, date(2020, 1, 1))


def test_a_repeated_line_adds_its_sectors(territory: Session, write: Callable[..., Path]) -> None:
    ingest(territory, LIST, [write(line("A", Secteur="bois"), line("A", Secteur="cuir"))])
    assert mentions(territory)["A"].sectors == ["bois", "cuir"]


def test_what_vanished_from_a_complete_source_is_marked_and_may_come_back(
    territory: Session, write: Callable[..., Path]
) -> None:
    both, one = [line("A"), line("B")], [line("A")]
    ingest(territory, LIST, [write(*both)])
    ingest(territory, LIST, [write(*one)])
    assert mentions(territory)["B"].gone_on is None
    ingest(territory, LIST, [write(*one)], complete=True)
    found = mentions(territory)
    assert (found["A"].gone_on, found["B"].gone_on) == (None, TODAY)
    ingest(territory, LIST, [write(*both)])
    assert mentions(territory)["B"].gone_on is None


def test_two_files_are_one_source(territory: Session, write: Callable[..., Path]) -> None:
    files = [write(line("A"), name="a.csv"), write(line("B"), line("A"), name="b.csv")]
    run = ingest(territory, LIST, files, complete=True)
    assert counts(run) == {"rows": 3, "kept": 2, "repeated": 1}
    assert [f["name"] for f in run.files] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"Nom,Commune\nB,Lorient\n", "« Ville » est absente"),
        (b"Nom,Ville\n" + b"B,Lorient\n" * 60, "entre 1 et 50"),
        (b"Nom,Ville\n", "aucune ligne sous"),
        (b"", "vide"),
    ],
)
def test_a_refused_file_leaves_the_data_as_they_were_and_a_trace(
    territory: Session, write: Callable[..., Path], content: bytes, sentence: str
) -> None:
    good = write(line("A"))
    ingest(territory, LIST, [good])
    bad = good.with_name("mauvais.csv")
    bad.write_bytes(content)
    run = ingest(territory, LIST, [good, bad], complete=True)
    territory.commit()
    assert run.outcome == "refused" and sentence in run.message
    assert counts(run) == {}
    assert list(mentions(territory)) == ["A"]
    assert territory.scalar(select(func.count()).select_from(Reject)) == 0
    assert territory.scalars(select(Run.outcome).order_by(Run.id)).all() == ["done", "refused"]


def test_progress_is_told_against_a_total(territory: Session, write: Callable[..., Path]) -> None:
    told: list[tuple[float, float]] = []
    source = Source(**{**{f: getattr(LIST, f) for f in Source.__slots__}, "expects": (1, 9_999)})
    path = write(*[line(f"A{i}") for i in range(3_000)])
    ingest(territory, source, [path], progress=lambda done, total: told.append((done, total)))
    assert len(told) == 3 and all(0 < done <= 1.2 * total for done, total in told)


INNOVATIVE = [{"Entreprise": "Voiles d'Armor", "CP": "56100", "Implantation": "Lorient"}]


def test_a_named_list_is_a_source_of_its_own_read_as_its_name_says(
    territory: Session, write: Callable[..., Path]
) -> None:
    run = ingest(territory, innovation.SOURCE, [write(*INNOVATIVE)], mapping_name="Audélor")
    assert run.mapping == {"Entreprise": "name", "CP": "postcode", "Implantation": "commune"}
    assert run.source == "liste-audelor"
    line = mentions(territory)["Voiles d'Armor"]
    assert (line.source, line.statuses) == ("liste-audelor", ["innovation:Audélor"])
    named = saved.load(territory, "Audélor")
    assert named is not None and named.headers == ["Entreprise", "CP", "Implantation"]
    named.columns = {"Entreprise": "name", "CP": "postcode"}
    territory.flush()
    again = ingest(territory, innovation.SOURCE, [write(*INNOVATIVE)], mapping_name="Audélor")
    assert (again.source, again.mapping) == ("liste-audelor", named.columns)
    assert again.leftover == ["Implantation"]


def test_two_names_are_two_sources_whose_identifiers_do_not_meet(
    territory: Session, write: Callable[..., Path]
) -> None:
    for name in ("Club 2025", "Club 2026"):
        path = write({"Id": "1", "Nom": f"Voiles {name}", "Ville": "Lorient"})
        run = ingest(territory, liste.SOURCE, [path], mapping_name=name)
        assert (run.outcome, run.kept) == ("done", 1)
    kept = {(m.source, m.key, m.name) for m in mentions(territory).values()}
    assert kept == {("liste-club-2025", "1", "Voiles Club 2025"),
                    ("liste-club-2026", "1", "Voiles Club 2026")}  # fmt: skip


def test_a_named_list_that_lost_a_column_is_refused(
    territory: Session, write: Callable[..., Path]
) -> None:
    ingest(territory, liste.SOURCE, [write(*INNOVATIVE)], mapping_name="Club")
    path = write({"Entreprise": "B", "Code": "56100", "Implantation": "Lorient"})
    run = ingest(territory, liste.SOURCE, [path], mapping_name="Club")
    assert run.outcome == "refused" and "« CP » est absente (Club, Club)" in run.message


def test_a_refused_list_saves_no_mapping(territory: Session, write: Callable[..., Path]) -> None:
    path = write({"Entreprise": "A", "Site": "https://a.example"})
    run = ingest(territory, innovation.SOURCE, [path], mapping_name="Audélor")
    assert run.outcome == "refused" and "aucun lieu" in run.message
    assert saved.load(territory, "Audélor") is None


def test_a_rehearsal_counts_everything_and_writes_nothing(
    territory: Session, write: Callable[..., Path]
) -> None:
    mapping = Mapping({"Nom": "name", "Ville": "commune"})
    named = saved.as_source(saved.save(territory, "Club", mapping), liste.SOURCE)
    path = write(*({"Nom": n, "Ville": v} for n, v in (("A", "Lorient"), ("", "Lorient"),
                                                       ("C", "Nulle-Part"))))  # fmt: skip
    tried = rehearse(territory, named, path)
    assert {n: c for n, c in tried.counts.items() if c} == {
        "rows": 3, "kept": 1, "rejected": 1, "unplaced": 1,
    }  # fmt: skip
    assert list(tried.rejects) == [("liste.csv", 3, "aucun nom sur cette ligne")]
    assert tried.lost == [("liste.csv", 4, "C, Nulle-Part")]
    assert rehearse(territory, named, path, most=1).counts["rows"] == 1
    assert list(mentions(territory)) == []


def test_a_withdrawn_list_leaves_its_lines_gone_and_its_suppliers_to_tag(
    territory: Session, write: Callable[..., Path]
) -> None:
    ingest(territory, liste.SOURCE, [write(*INNOVATIVE)], mapping_name="Club")
    assert withdraw(territory, "liste-club") == 1
    territory.expire_all()
    assert mentions(territory)["Voiles d'Armor"].gone_on is not None
    assert withdraw(territory, "liste-club") == 0


def real_territory(session: Session) -> None:
    files = ("lorient_agglomeration_communes_2026.csv", "communes_france_2022.csv",
             "insee_epci_commune_2025.csv", "communes-lorient-agglomeration.geojson")  # fmt: skip
    paths = [shared(f"data/territory/{name}") for name in files]
    assert len(load_territory(session, ["200042174"], files=paths)) == 25


@pytest.mark.real
def test_no_row_of_the_real_files_disappears(session: Session) -> None:
    # A territory's share on one database, all of France's on the other: the counting is the same.
    everywhere = db.is_sqlite(session)
    real_territory(session)
    for source, files in REAL.items():
        for name, rows in files.items():
            path = shared(f"data/sources/{source}/{name}")
            run = ingest(session, SOURCES[source], [path], everywhere=everywhere)
            assert run.outcome == "done", run.message
            found = counts(run)
            assert found["rows"] == rows, name
            assert found.get("kept", 0) > (0.95 * rows if everywhere else 0) or rows == 3


SOURCES = {s.name: s for s in (marche_inclusion.SOURCE, esat_gesat.SOURCE, innovation.SOURCE)}
REAL: dict[str, dict[str, int]] = {
    "marche_inclusion": {
        "export_recherche_morbihan_2025-08_a_2026-07.csv": 44,
        "export_recherche_morbihan_2026-07.csv": 44,
        "export_recherche_morbihan_2026-07.xls": 44,
        "cas_export_2025-08_a_2026-07.csv": 28,
        "api_siae_list_dept56.json": 44,
        "api_siae_list_page1.json": 2,
    },
    "esat_gesat": {
        "esat_liste_officielle_finess_2026.csv": 1504,
        "hosmoz_gesat_import_sample.csv": 3,
    },
    "innovation": {
        "bretagne_structures_innovation.geojson": 174,
        "french_tech_companies_no_siren.csv": 223,
    },
}


@pytest.mark.real
def test_one_siret_with_two_kinds_is_two_lines_of_the_real_cases(session: Session) -> None:
    path = shared("data/sources/marche_inclusion/cas_export_2025-08_a_2026-07.csv")
    ingest(session, marche_inclusion.SOURCE, [path], everywhere=True)
    sirets: Sequence[str] = session.scalars(select(Mention.siret)).all()
    assert len(sirets) == 28 and len(set(sirets)) < 28
