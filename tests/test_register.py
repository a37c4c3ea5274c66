"""Stock files become suppliers: what is read, kept and counted; loading again."""

import zipfile
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from connectors.sirene import SOURCE
from sourcing.ingest import ingest
from sourcing.model import Place, Reject, Run, Setting, Stale, Supplier
from sourcing.register import recalled
from sourcing.source import SourceError
from tests.conftest import shared
from tests.sirene_base import LORIENT, geolocation, know_territory, load, one, supplier
from tests.sirene_files import (
    ESTABLISHMENT_48,
    ESTABLISHMENT_54,
    GEOLOCATION_19,
    LEGAL_UNIT_35,
    establishment,
    legal_unit,
    masked,
    person,
    siret,
    stock,
    write_csv,
    write_parquet,
)

Row = dict[str, str]

# --- what is read ---


def test_an_establishment_takes_its_name_from_its_legal_unit(
    session: Session, tmp_path: Path
) -> None:
    found = one(session, tmp_path, establishment(1), legal_unit(1, denomination="JARDINS FICTIFS"))
    assert (found.uid, found.siren, found.origin) == (siret(1), siret(1)[:9], "register")
    assert (found.name, found.legal_name, found.other_names) == ("JARDINS FICTIFS",) * 2 + ("",)
    assert (found.address, found.postcode, found.commune) == ("12 RUE DU PORT", "56100", "Lorient")
    assert (found.naf, found.legal_form, found.size_code, found.category) == (
        "81.30Z", "5499", "03", "PME")  # fmt: skip
    assert (found.state, found.created_on, found.is_head_office) == ("A", date(2010, 3, 2), True)
    assert (found.is_ess, found.is_mission, found.is_qpv) == (False, None, None)


def test_parquet_zip_old_layout_and_any_order_say_the_same(
    session: Session, tmp_path: Path
) -> None:
    rows, units = [establishment(1)], [legal_unit(1)]
    plain = stock(tmp_path, rows, units)
    packed = tmp_path / "stock.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in plain:
            archive.write(file, file.name)
    parquet = [write_parquet(tmp_path / "ul.parquet", LEGAL_UNIT_35, units),
               write_parquet(tmp_path / "etab.parquet", ESTABLISHMENT_54, rows)]  # fmt: skip
    old = [write_csv(tmp_path / "etab48.csv", ESTABLISHMENT_48, rows, delimiter=";"), plain[1]]
    seen = set()
    for files in (plain, plain[::-1], [packed], parquet, old):
        assert load(session, files).kept == 1
        found = supplier(session, 1)
        seen.add((found.name, found.address, found.is_head_office, found.created_on, found.naf))
    assert len(seen) == 1


def test_encodings_backslashes_and_quotes_keep_their_letters(
    session: Session, tmp_path: Path
) -> None:
    row = establishment(1, enseigne1='L\'ÉTÉ "FOU", SUITE\\', libelleVoie="DES\\, ŒILLETS")
    units = write_csv(tmp_path / "ul.csv", LEGAL_UNIT_35, [legal_unit(1)])
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        load(
            session,
            [write_csv(tmp_path / "e.csv", ESTABLISHMENT_54, [row], encoding=encoding), units],
        )
        found = supplier(session, 1)
        assert found.name == 'L\'ÉTÉ "FOU", SUITE\\', encoding
        assert found.address == "12 RUE DES\\, ŒILLETS", encoding


def test_zeros_and_spaces_lost_by_a_spreadsheet_come_back(session: Session, tmp_path: Path) -> None:
    # 00558012100019 is a valid SIRET.
    rows = [establishment(1) | {"siret": "558012100019", "siren": "5580121"},
            establishment(2) | {"siret": f"{siret(2)[:9]} {siret(2)[9:]}"}]  # fmt: skip
    units = [legal_unit(1) | {"siren": "5580121"}, legal_unit(2)]
    assert load(session, stock(tmp_path, rows, units)).kept == 2
    assert sorted(session.scalars(select(Supplier.name))) == ["FIRME 1", "FIRME 2"]


# --- what is kept ---


def test_only_the_territory_and_its_surroundings_are_kept(session: Session, tmp_path: Path) -> None:
    rows = [establishment(n, codeCommune=code) for n, code in
            enumerate(("56121", "29233", "35238", "00000", ""), 1)]  # fmt: skip
    files = stock(tmp_path, rows, [legal_unit(n) for n in range(1, 6)])
    run = load(session, files)
    assert (run.rows, run.kept, run.outside, run.unplaced) == (5, 2, 1, 2)
    assert load(session, files, margin_km=5).kept == 1
    assert load(session, files, everywhere=True).kept == 5


def test_parquet_counts_what_it_leaves_out(session: Session, tmp_path: Path) -> None:
    rows = [establishment(n, codeCommune=c) for n, c in enumerate(("56121", "35238", ""), 1)]
    run = load(
        session,
        [
            write_parquet(tmp_path / "e.parquet", ESTABLISHMENT_54, rows),
            write_parquet(tmp_path / "u.parquet", LEGAL_UNIT_35, [legal_unit(1)]),
        ],
    )
    assert (run.rows, run.kept, run.outside, run.unplaced) == (3, 1, 1, 1)


def test_old_codes_and_arrondissements_are_todays_communes(
    session: Session, tmp_path: Path
) -> None:
    rows = [establishment(1, codeCommune="56999"), establishment(2, codeCommune="75102")]
    load(session, stock(tmp_path, rows, [legal_unit(1), legal_unit(2)]), everywhere=True)
    assert (supplier(session, 1).commune_code, supplier(session, 1).commune) == ("56121", "Lorient")
    assert supplier(session, 2).commune_code == "75056"


def test_without_a_territory_nothing_is_kept_by_chance(session: Session, tmp_path: Path) -> None:
    know_territory(session)
    session.query(Place).update({"in_territory": False})
    with pytest.raises(SourceError, match="territoire"):
        load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))


def test_lines_that_cannot_be_used_are_kept_with_their_number(
    session: Session, tmp_path: Path
) -> None:
    files = stock(tmp_path, [establishment(n) for n in (1, 2, 3)], [legal_unit(1), legal_unit(3)])
    lines = files[0].read_text().splitlines()
    broken = [lines[0], lines[1], "trop,court", lines[2].replace(siret(2), "7.9E+13"), lines[3]]
    files[0].write_text("\n".join(broken) + "\n")
    run = load(session, files)
    assert (run.rows, run.kept, run.rejected) == (4, 2, 2)
    rejects = session.scalars(select(Reject).where(Reject.run_id == run.id).order_by(Reject.line))
    assert [(r.file, r.line) for r in rejects] == [(files[0].name, 3), (files[0].name, 4)]


def test_a_siret_without_its_key_is_refused(session: Session, tmp_path: Path) -> None:
    bad = ("", "00000000000000", "12345678901234", "ABC", "7.9E+13")
    rows = [establishment(1), *(establishment(2) | {"siret": wrong} for wrong in bad)]
    run = load(session, stock(tmp_path, rows, [legal_unit(1)]))
    assert (run.kept, run.rejected) == (1, len(bad))
    assert session.scalars(select(Reject.line).order_by(Reject.line)).all() == [3, 4, 5, 6, 7]


def test_la_poste_has_its_own_key(session: Session, tmp_path: Path) -> None:
    row = establishment(1) | {"siret": "35600000000048", "siren": "356000000"}
    assert load(session, stock(tmp_path, [row], [legal_unit(1)])).kept == 1


def test_the_same_siret_twice_counts_once_and_the_last_file_wins(
    session: Session, tmp_path: Path
) -> None:
    first = write_csv(tmp_path / "a.csv", ESTABLISHMENT_54, [establishment(1), establishment(1)])
    last = write_csv(tmp_path / "b.csv", ESTABLISHMENT_54, [establishment(1, enseigne1="NOUVEAU")])
    units = write_csv(tmp_path / "u.csv", LEGAL_UNIT_35, [legal_unit(1), legal_unit(1)])
    for options in ({}, {"everywhere": True}):
        run = load(session, [first, last, units], **options)
        assert (run.rows, run.kept, run.repeated) == (3, 1, 2)
        assert supplier(session, 1).name == "NOUVEAU"


def test_columns_nobody_knows_are_reported(session: Session, tmp_path: Path) -> None:
    rows = [establishment(1) | {"nouveaute2027": "x"}]
    files = [write_csv(tmp_path / "e.csv", [*ESTABLISHMENT_54, "nouveaute2027"], rows),
             write_csv(tmp_path / "u.csv", LEGAL_UNIT_35, [legal_unit(1)])]  # fmt: skip
    assert load(session, files).leftover == ["nouveaute2027"]


# --- loading again ---


def test_loading_again_updates_in_place(session: Session, tmp_path: Path) -> None:
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))
    before = supplier(session, 1)
    before.phone = "+33297000000"
    kept = (before.id, before.uid, before.phone, before.first_seen)
    session.flush()
    load(
        session, stock(tmp_path, [establishment(1, etatAdministratif="F")], [legal_unit(1)]), day=9
    )
    after = supplier(session, 1)
    assert (after.id, after.uid, after.phone, after.first_seen) == kept
    assert (after.state, after.closed_on, after.last_seen) == (
        "F",
        date(2015, 4, 1),
        date(2026, 9, 9),
    )


def test_a_list_made_supplier_becomes_the_registers(session: Session, tmp_path: Path) -> None:
    today = date(2026, 1, 1)
    session.add(Supplier(uid=siret(1), siret=siret(1), name="Vu ailleurs", origin="esat_gesat",
                         first_seen=today, last_seen=today))  # fmt: skip
    session.flush()
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))
    found = supplier(session, 1)
    assert (found.origin, found.name, found.first_seen) == ("register", "FIRME 1", today)


def test_a_later_file_says_less_without_erasing(session: Session, tmp_path: Path) -> None:
    files = stock(tmp_path, [establishment(1)], [legal_unit(1, societeMission="O")])
    where = {"siret": siret(1), "qualite_xy": "11", "plg_qp24": "QN05601M",
             "x_longitude": "-3.36", "y_latitude": "47.75"}  # fmt: skip
    load(session, [*files, geolocation(tmp_path, where)])
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]))
    found = supplier(session, 1)
    assert (found.precision, found.lon, found.is_qpv, found.is_mission) == (
        "exact",
        -3.36,
        True,
        True,
    )
    load(session, stock(tmp_path, [masked(establishment(1))], [person(1, statutDiffusion="P")]))
    found = supplier(session, 1)
    assert (found.precision, found.lon, found.is_qpv) == ("commune", LORIENT[0], None)


def test_only_what_differs_is_written_and_must_be_tagged_again(
    session: Session, tmp_path: Path
) -> None:
    units = [legal_unit(n) for n in (1, 2, 3)]
    load(session, stock(tmp_path, [establishment(1), establishment(2)], units))
    assert stale(session) == set()
    # The day INSEE touched it says nothing of it.
    touched = establishment(1, dateDernierTraitement="2026-09-08T12:00:00")
    rows = [touched, establishment(2, enseigne1="NOUVELLE"), establishment(3)]
    run = load(session, stock(tmp_path, rows, units), day=9)
    assert (run.kept, run.changed, run.added) == (3, 1, 1)
    assert stale(session) == {2, 3}
    assert [supplier(session, n).last_seen.day for n in (1, 2, 3)] == [1, 9, 9]


def test_a_glance_at_parquet_writes_what_reading_csv_whole_would(
    session: Session, tmp_path: Path
) -> None:
    rows = [establishment(n) for n in range(1, 9)]
    units = [legal_unit(n) for n in range(1, 10)]
    place = {"siret": siret(4), "qualite_xy": "11", "x_longitude": "-3.36", "y_latitude": "47.75"}
    load(session, month(tmp_path, rows, units, [], write_csv))
    units[1] = legal_unit(2, denomination="AUTRE NOM")
    rows = [
        establishment(1), establishment(2), establishment(3, etatAdministratif="F"),
        establishment(4), establishment(5, codeCommune="35238", libelleCommune="RENNES"),
        establishment(6), establishment(6, enseigne1="NOUVEAU"), establishment(7),
        establishment(7), establishment(9), establishment(9, nic=2) | {"siret": "00000000000012"},
        establishment(9, nic=3, codeCommune="35238"),
    ]  # fmt: skip
    said = []
    for write in (write_csv, write_parquet):
        with session.begin_nested() as undone:
            files = month(tmp_path, rows, units, [place], write)
            run = ingest(session, SOURCE, files, complete=True)
            said.append((counts(run), reasons(session, run), facts(session), stale(session)))
            undone.rollback()
            session.expire_all()
    assert said[0] == said[1]
    # Kept, changed, new, gone; repeated, rejected, outside.
    assert said[0][0] == (8, 5, 1, 1, 2, 1, 1)


def test_what_the_base_has_is_recalled_from_beside_it(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = partial(read_month, session, tmp_path)
    assert read(1, 2, 3)[:3] == (3, 0, 3)
    monkeypatch.setattr(recalled, "pull", None)
    assert read(1, 2, 3)[:3] == (3, 0, 0)
    assert read(1, 3, closed=3)[:4] == (2, 1, 0, 1)
    # Who had left is written again when it comes back.
    assert read(1, 2, 3, closed=3)[:4] == (3, 1, 0, 0)
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize("trouble", ["gone", "damaged", "undone"])
def test_what_is_not_the_bases_is_not_recalled(
    session: Session, tmp_path: Path, trouble: str
) -> None:
    read = partial(read_month, session, tmp_path)
    read(1, 2)
    if trouble == "undone":
        with session.begin_nested() as undone:
            read(1, 2, closed=2)
            undone.rollback()
        session.expire_all()
    else:
        (kept,) = (tmp_path / "cache").iterdir()
        kept.unlink() if trouble == "gone" else kept.write_bytes(kept.read_bytes()[:90])
    assert read(1, 2, closed=2)[:3] == (2, 1, 0)


def read_month(session: Session, folder: Path, *numbers: int, closed: int = 0) -> tuple[int, ...]:
    """Kept, changed, new, gone of a whole month with these establishments."""
    rows = [establishment(n, etatAdministratif="F" if n == closed else "A") for n in numbers]
    files = stock(folder, rows, [legal_unit(n) for n in numbers])
    if session.get(Place, "56121") is None:
        know_territory(session)
    return counts(ingest(session, SOURCE, files, complete=True, cache=folder / "cache"))


def month(
    folder: Path, rows: list[Row], units: list[Row], places: list[Row], write: Callable[..., Path]
) -> list[Path]:
    """A month's three files, as one kind or the other."""
    said = ((ESTABLISHMENT_54, rows), (LEGAL_UNIT_35, units), (GEOLOCATION_19, places))
    return [write(folder / f"{n}{write.__name__}", *file) for n, file in enumerate(said)]


def counts(run: Run) -> tuple[int, ...]:
    return (run.kept, run.changed, run.added, run.gone, run.repeated, run.rejected, run.outside)


def reasons(session: Session, run: Run) -> list[str]:
    return list(session.scalars(select(Reject.reason).where(Reject.run_id == run.id)))


def facts(session: Session) -> list[tuple[object, ...]]:
    """All that the base says of its suppliers, but their numbers and the run's."""
    left_out = {"id", "run_id"}
    columns = [c for c in Supplier.__table__.columns if c.name not in left_out]
    return [tuple(row) for row in session.execute(select(*columns).order_by(Supplier.uid))]


def stale(session: Session) -> set[int]:
    """The numbers of the suppliers whose tags and index must be redone."""
    sirets = set(session.scalars(select(Supplier.siret).join(Stale)))
    return {n for n in range(1, 10) if siret(n) in sirets}


def test_the_old_activity_code_outlives_the_files_that_gave_it(
    session: Session, tmp_path: Path
) -> None:
    know_territory(session)

    def year(*rows: dict[str, str]) -> None:
        units = [legal_unit(number) for number in range(1, 5)]
        run = ingest(session, SOURCE, stock(tmp_path, list(rows), units), complete=True)
        assert run.outcome == "done", run.message

    told = {"activitePrincipaleNAF25": "81.30Y"}
    year(*(establishment(n, **told) for n in (1, 2)))
    alone = {"activitePrincipale": "81.30Y", "nomenclatureActivitePrincipale": "NAF2025"}
    other = alone | {"activitePrincipale": "01.13Y"}
    year(establishment(1, **alone), establishment(2, **other), establishment(3, **alone),
         establishment(4, **other))  # fmt: skip
    codes = [(supplier(session, n).naf, supplier(session, n).naf25) for n in range(1, 5)]
    # A new one has what others have; nobody ever had the old code of another activity.
    assert codes == [("81.30Z", "81.30Y"), ("", "01.13Y"), ("81.30Z", "81.30Y"), ("", "01.13Y")]


def test_progress_goes_from_nothing_to_all(session: Session, tmp_path: Path) -> None:
    seen: list[float] = []
    load(session, stock(tmp_path, [establishment(1)], [legal_unit(1)]), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


# --- real files ---


@pytest.mark.real
def test_every_row_of_the_real_export_is_accounted_for(session: Session) -> None:
    run = load(
        session, [shared("data/sources/sirene/sirene_fr_liste_isere_2021.csv")], everywhere=True
    )
    assert (run.rows, run.kept + run.repeated + run.rejected, run.leftover) == (765, 765, [])
    assert run.rejected == 0
    names = session.scalars(select(Supplier.name)).all()
    assert not [name for name in names if name.startswith("Nom inconnu")]


@pytest.mark.real
@pytest.mark.parametrize(("name", "rows"), [
    ("ce_api_insee_siret", 1), ("ce_api_insee_sirets_by_siren_one", 4),
    ("insee_sirene_3.11_siret_bretagne_megalis_2024", 21),
])  # fmt: skip
def test_real_api_answers_are_read(session: Session, name: str, rows: int) -> None:
    run = load(session, [shared(f"data/sources/sirene/{name}.json")], everywhere=True)
    assert (run.kept, run.leftover) == (rows, [])


@pytest.mark.parametrize("writer", [write_csv, write_parquet])
def test_closed_establishments_can_be_left_out_but_for_those_known(
    session: Session, tmp_path: Path, writer: Callable[..., Path]
) -> None:
    def files(*rows: dict[str, str]) -> list[Path]:
        units = [legal_unit(n) for n in (1, 2, 3)]
        return [writer(tmp_path / "e.x", ESTABLISHMENT_54, rows),
                writer(tmp_path / "u.x", LEGAL_UNIT_35, units)]  # fmt: skip

    closed = establishment(2, etatAdministratif="F")
    far = establishment(3, codeCommune="35238", etatAdministratif="F")
    run = load(session, files(establishment(1), closed, far), open_only=True)
    assert (run.rows, run.kept, run.out_of_scope, run.outside) == (3, 1, 1, 1)
    gone = establishment(1, etatAdministratif="F")
    run = load(session, files(gone, closed), open_only=True, everywhere=True)
    assert (run.kept, run.out_of_scope, supplier(session, 1).state) == (1, 1, "F")


def test_positions_are_trusted_in_the_order_insee_deserves(
    session: Session, tmp_path: Path
) -> None:
    """A number or a street that is sure, the register's own, a street that may be, a centre."""
    own = {"coordonneeLambertAbscisse": "225000", "coordonneeLambertOrdonnee": "6763000"}
    qualities = ("11", "12", "21", "22", "33", "")
    numbers = {(q, has_own): n for n, (q, has_own) in enumerate(product(qualities, (True, False)))}
    rows = [establishment(n, **(own if has_own else {})) for (_, has_own), n in numbers.items()]
    there = [
        {"siret": siret(n), "qualite_xy": q, "x_longitude": "-3.36", "y_latitude": "47.74"}
        for (q, _), n in numbers.items() if q
    ]  # fmt: skip
    units = [legal_unit(n) for n in numbers.values()]
    load(session, [*stock(tmp_path, rows, units), geolocation(tmp_path, *there)])

    def chosen(quality: str, has_own: bool) -> str:
        found = supplier(session, numbers[quality, has_own])
        insee = (found.lon, found.lat) == (-3.36, 47.74)
        return ("insee " if insee else "") + found.precision

    assert [chosen(q, True) for q in qualities] == ["insee exact", "insee street", *["exact"] * 4]
    assert [chosen(q, False) for q in qualities] == [
        "insee exact", "insee street", "insee street", "insee street", "commune", "commune"
    ]  # fmt: skip


def test_the_base_is_not_held_while_a_stock_is_read(
    session: Session, engine: Engine, tmp_path: Path
) -> None:
    know_territory(session)
    session.commit()
    shares: list[float] = []

    def tell(done: float, _total: float) -> None:
        with Session(engine) as other, other.begin():
            if done <= 0.5:
                other.merge(Setting(key="visit", value=str(done)))
        shares.append(done)

    run = ingest(
        session, SOURCE, stock(tmp_path, [establishment(1)], [legal_unit(1)]), progress=tell
    )
    assert (run.outcome, shares[0] < 0.5) == ("done", True)
