"""A refresh takes what is new, keeps yesterday's data when it must, and says which and why."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from connectors.sirene import SOURCE
from sourcing import db, duplicates
from sourcing.cli import main
from sourcing.commands.serve import _state
from sourcing.ingest import ingest
from sourcing.ingest.guards import Guard
from sourcing.linking import link
from sourcing.mapping import Mapping, saved
from sourcing.mapping.saved import Origin
from sourcing.model import Judgement, Mention, Place, Run, Stale, Succession, Supplier
from sourcing.succession import heirs
from tests.geo_api_server import Answer, LocalServer, running
from tests.public_services import Geocoder
from tests.sirene_base import know_territory, supplier
from tests.sirene_files import establishment, legal_unit, siret, stock, write_csv

PATH = "/api/1/datasets/r/9bca3cea-1659-422d-8c4d-40137b2a1ee8"
FIRMS = ("Atelier du Scorff", "Voiles de la Rade", "Forge du Blavet", "Faïences du Ter")
Run_ = Callable[..., str]


class Stopped(Exception):
    """The command ended badly, having said this."""


def epv(*names: str, header: str = "SIRET;Raison sociale;Commune;Code postal") -> Answer:
    lines = [header, *(f";{name};Lorient;56100" for name in names)]
    return Answer(
        "\n".join(lines).encode(), headers={"Content-Type": "text/csv"}, etag=f'"{names}"'
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    monkeypatch.setattr("sourcing.fetch.time.sleep", lambda seconds: None)
    with running(LocalServer()) as server:
        monkeypatch.setenv("SOURCING_DATAGOUV_URL", server.url)
        monkeypatch.setenv("SOURCING_GEOCODING_URL", "")
        yield server


@pytest.fixture
def base(tmp_path: Path, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("SOURCING_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOURCING_DATABASE_URL", str(sqlite_engine.url))
    with db.transaction(sqlite_engine) as session:
        place = Place(code="56121", name="Lorient", name_key="LORIENT", in_territory=True)
        place.postcodes, place.departement, place.lon, place.lat = "56100", "56", -3.37, 47.75
        session.add(place)
    return Session(sqlite_engine)


@pytest.fixture
def refresh(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run_:
    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["sourcing", "refresh", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = capfd.readouterr()
        if end.value.code:
            raise Stopped(said.out + said.err)
        return said.out

    return run


def listed(session: Session) -> list[str]:
    session.rollback()
    wanted = select(Mention.name).where(Mention.gone_on.is_(None)).order_by(Mention.name)
    return list(session.scalars(wanted))


def test_a_source_is_brought_read_linked_and_tagged_then_left_alone(
    server: LocalServer, base: Session, refresh: Run_, tmp_path: Path
) -> None:
    server.on(PATH, epv(*FIRMS))
    report = tmp_path / "avancement.json"
    assert "4 lignes gardées ; 4 nouvelles" in refresh("epv", "--progress", str(report))
    assert json.loads(report.read_text())["state"] == "done"
    assert listed(base) == sorted(FIRMS)
    server.on(PATH, Answer(status=304))
    assert "inchangé" in refresh("epv")
    assert server.seen[-1].headers["If-None-Match"] == f'"{FIRMS}"'
    server.on(PATH, epv(*FIRMS[:3], "Cirerie de Kerroch", "Orgues de Groix"))
    assert "2 nouvelles, 1 disparue" in refresh()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=429), "limite le nombre de demandes"),
        (Answer(status=503), "est en panne"),
        (Answer(status=302, headers={"Location": PATH}), "renvoie en boucle"),
        (Answer(b"<html>Maintenance", headers={"Content-Type": "text/html"}), "une page web"),
        (Answer(b"SIRET;Raison sociale" * 99, cut=40), "a coupé la réponse"),
        (epv(*FIRMS, header="SIREN;Nom;Ville;CP"), "ne sont celles d'aucun fichier|est absente"),
        (epv(FIRMS[0]), "plus de 20\u00a0% de la source a disparu"),
    ],
    ids=["limit", "down", "loop", "page", "cut", "columns", "shrunk"],
)
def test_trouble_keeps_yesterdays_data_and_says_so(
    server: LocalServer, base: Session, refresh: Run_, answer: Answer, said: str
) -> None:
    server.on(PATH, epv(*FIRMS))
    refresh("epv")
    server.on(PATH, answer)
    with pytest.raises(Stopped, match=f"(?s)({said}).*Données de la veille gardées"):
        refresh("epv")
    assert listed(base) == sorted(FIRMS)
    last = base.scalars(select(Run).order_by(Run.id.desc())).first()
    assert last and last.outcome in ("refused", "failed")
    assert _state(base)["sources"][0]["raison"] == last.message  # type: ignore[index]


def test_a_column_that_was_read_and_is_no_more_is_refused_by_its_name(
    server: LocalServer, base: Session, refresh: Run_
) -> None:
    server.on(PATH, epv(*FIRMS))
    refresh("epv")
    server.on(PATH, epv(*FIRMS, header="SIRET;Raison sociale;Communes;Code postal"))
    with pytest.raises(Stopped, match=r"La colonne « Commune » a disparu .*« Communes »"):
        refresh("epv")
    assert listed(base) == sorted(FIRMS)
    # Under another of its usual names it is still read.
    server.on(PATH, epv(*FIRMS, header="SIRET;RAISON SOCIALE;VILLE;CP"))
    assert "rien de nouveau" in refresh("epv")


def test_another_ground_is_another_reading_and_no_loss(
    server: LocalServer, base: Session, refresh: Run_, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on(PATH, epv(*FIRMS))
    refresh("epv")
    server.on(PATH, Answer(status=304))
    monkeypatch.setenv("SOURCING_MARGIN_KM", "5")
    assert "inchangé" not in refresh("epv")
    assert "inchangé" in refresh("epv")
    elsewhere = {"code": "29232", "name": "Quimper", "name_key": "QUIMPER", "postcodes": "29000"}
    base.execute(update(Place).values(**elsewhere, departement="29", lon=-4.1, lat=48.0))
    base.commit()
    assert "4 disparues" in refresh("epv")


def test_a_real_loss_is_forced_by_somebody(
    server: LocalServer, base: Session, refresh: Run_
) -> None:
    server.on(PATH, epv(*FIRMS))
    refresh("epv")
    server.on(PATH, epv(FIRMS[0]))
    refresh("epv", "--force", "--by", "nolwenn@exemple.fr")
    assert listed(base) == [FIRMS[0]]
    last = base.scalars(select(Run).order_by(Run.id.desc())).first()
    assert last and last.forced_by == "nolwenn@exemple.fr"


def put(folder: Path, source: str, name: str, *lines: str) -> Path:
    """A file in the folder of its source."""
    path = folder / "sources" / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_public_addresses_are_placed_once_and_a_service_that_fails_fails_nothing_else(
    base: Session, refresh: Run_, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sourcing.fetch.time.sleep", lambda seconds: None)
    lines = [f"{name};8 rue des Ormeaux;Lorient" for name in FIRMS]
    put(tmp_path, "liste", "club/annuaire.csv", "Raison sociale;Adresse;Ville", *lines)
    with running(Geocoder(Ormeaux=(-3.371, 47.751, 0.93, "housenumber"))) as geocoder:
        monkeypatch.setenv("SOURCING_GEOCODING_URL", geocoder.url)
        geocoder.on("/search/csv", Answer(status=503))
        assert "est en panne" in refresh()
        geocoder.on("/search/csv")
        geocoder.seen.clear()
        assert "1 adresse demandée, 4 fournisseurs placés" in refresh()
        assert "placé" not in refresh()
        assert len(geocoder.seen) == 1
    assert set(base.scalars(select(Supplier.precision))) == {"exact"}


def test_a_list_of_unknown_columns_is_guarded_and_left_alone_like_any_source(
    server: LocalServer, base: Session, refresh: Run_, tmp_path: Path
) -> None:
    lines = [f"{name};Lorient" for name in FIRMS]
    put(tmp_path, "liste", "club/annuaire.csv", "Raison sociale;Ville", *lines)
    assert "4 nouvelles" in refresh("liste")
    assert "club : inchangé" in refresh("liste")
    put(tmp_path, "liste", "club/annuaire.csv", "Raison sociale;Ville", lines[0])
    with pytest.raises(Stopped, match="plus de 20"):
        refresh("liste")
    put(tmp_path, "liste", "club/annuaire.csv", "Raison sociale;Adresse", *lines)
    with pytest.raises(Stopped, match="la colonne « Ville » est absente"):
        refresh("liste")
    assert listed(base) == sorted(FIRMS)
    put(
        tmp_path, "liste", "club/annuaire.csv", "Raison sociale;Ville", *lines[:3], "Orgues;Lorient"
    )
    assert "1 nouvelle, 1 disparue" in refresh("liste")


def test_a_named_list_that_says_where_it_is_downloaded_is_refreshed_from_there(
    server: LocalServer, base: Session, refresh: Run_
) -> None:
    origin = Origin("Club", file_url=f"{server.url}/club.csv")
    saved.save(base, "Club", Mapping({"Nom": "name", "Ville": "commune"}), origin)
    base.commit()

    def published(*names: str, header: str = "Nom;Ville") -> Answer:
        lines = "\n".join((header, *(f"{name};Lorient" for name in names)))
        return Answer(lines.encode(), headers={"Content-Type": "text/csv"}, etag=f'"{names}"')

    server.on("/club.csv", published(*FIRMS))
    assert "4 nouvelles" in refresh("liste-club")
    server.on("/club.csv", Answer(status=304))
    assert "Club : inchangé" in refresh()
    server.on("/club.csv", published(*FIRMS, header="Nom;Adresse"))
    with pytest.raises(Stopped, match="la colonne « Ville » est absente"):
        refresh()
    server.on("/club.csv", published(FIRMS[0]))
    with pytest.raises(Stopped, match="plus de 20"):
        refresh()
    assert listed(base) == sorted(FIRMS)


def test_a_list_of_several_that_is_read_again_does_not_speak_for_the_others(
    server: LocalServer, base: Session, refresh: Run_, tmp_path: Path
) -> None:
    server.on("/api/1/datasets/r/98f3161f-79ff-4f16-8f6a-6d571a80fea2", Answer(status=404))
    finess = ("Raison sociale", "Siret", "Métiers proposés", "Code Postal", "Ville")
    hosmoz = ("Raison Sociale", "Siret", "Siret 2", "Code Postal", "Ville")
    one = [f"{name}||Blanchisserie|56100|Lorient" for name in FIRMS]
    put(tmp_path, "esat_gesat", "2024.csv", "|".join(finess), *one)
    other = put(tmp_path, "esat_gesat", "2025.csv", ";".join(hosmoz), "ESAT du Ter;;;56100;Lorient")
    refresh("esat_gesat", "--offline")
    assert "inchangé" in refresh("esat_gesat", "--offline")
    other.unlink()
    put(
        tmp_path,
        "esat_gesat",
        "2024.csv",
        "|".join(finess),
        *one[:3],
        one[3].replace("Ter", "Scave"),
    )
    assert "1 nouvelle, 1 disparue" in refresh("esat_gesat", "--offline")
    assert "ESAT du Ter" in listed(base)


# --- the register followed from one month to the next, on both databases ---


def whole(
    session: Session, folder: Path, rows: Sequence[dict[str, str]], open_only: bool = False
) -> Run:
    """A month's whole stock."""
    if session.get(Place, "56121") is None:
        know_territory(session)
    files = stock(folder, rows, [legal_unit(n) for n in range(1, 6)])
    run = ingest(session, SOURCE, files, complete=True, open_only=open_only, guard=Guard(0.2))
    assert run.outcome == "done", run.message
    return run


def test_who_closed_moved_left_or_vanished_is_marked_with_the_day(
    session: Session, tmp_path: Path
) -> None:
    whole(session, tmp_path, [establishment(n) for n in range(1, 6)])
    run = whole(session, tmp_path, [
        establishment(1),
        establishment(2, etatAdministratif="F", dateDebut="2026-08-31"),
        establishment(3, numeroVoie="99", libelleVoie="DES FLOTS"),
        establishment(4, codeCommune="35238", libelleCommune="RENNES", codePostal="35000"),
    ])  # fmt: skip
    assert (run.added, run.changed, run.gone) == (0, 3, 1)
    today = date.today()
    closed, moved, left, vanished = (supplier(session, n) for n in (2, 3, 4, 5))
    assert (closed.state, closed.closed_on) == ("F", date(2026, 8, 31))
    assert moved.moved_on == today and moved.moved_from.endswith("56100 Lorient")
    assert (left.commune, left.moved_on) == ("Rennes", today)
    assert vanished.gone_on == today
    assert supplier(session, 1).moved_on is None
    whole(session, tmp_path, [establishment(n) for n in range(1, 6)])
    assert supplier(session, 5).gone_on is None


def test_leaving_closed_ones_out_from_now_on_is_no_loss(session: Session, tmp_path: Path) -> None:
    rows = [establishment(1), *(establishment(n, etatAdministratif="F") for n in range(2, 5))]
    whole(session, tmp_path, rows)
    run = whole(session, tmp_path, [*rows, establishment(5, etatAdministratif="F")], open_only=True)
    assert (run.kept, run.out_of_scope, run.gone) == (4, 1, 0)


def test_a_mask_forgets_where_a_supplier_was(session: Session, tmp_path: Path) -> None:
    whole(session, tmp_path, [establishment(1)])
    whole(session, tmp_path, [establishment(1, libelleVoie="DES FLOTS")])
    assert supplier(session, 1).moved_from
    whole(session, tmp_path, [establishment(1, statutDiffusion="P", libelleVoie="[ND]")])
    assert (supplier(session, 1).moved_from, supplier(session, 1).moved_on) == ("", None)
    assert session.scalars(select(Stale)).all()


DOUBLES = ("siren", "sirenDoublon", "dateDernierTraitementDoublon")
LINKS = (
    "siretEtablissementPredecesseur",
    "siretEtablissementSuccesseur",
    "dateLienSuccession",
    "transfertSiege",
    "continuiteEconomique",
    "dateDernierTraitementLienSuccession",
)


def listed_line(session: Session, of: str) -> Mention:
    """A line of a list that publishes this siret."""
    run = Run(source="liste", files=[], started_at=datetime(2026, 9, 1), leftover=[])
    session.add(run)
    session.flush()
    line = Mention(
        source="liste", key="1", run_id=run.id, file="l.csv", line=2, name="ATELIER", siret=of,
        first_seen=date.today(), last_seen=date.today(), statuses=["siae:EI"], sectors=[],
        problems=[], commune_code="56121",
    )  # fmt: skip
    session.add(line)
    session.flush()
    return line


def test_a_line_of_a_closed_siret_goes_to_its_open_successor_and_says_why(
    session: Session, tmp_path: Path
) -> None:
    line = listed_line(session, siret(1))
    whole(session, tmp_path, [establishment(n) for n in (1, 3)])
    link(session)
    assert line.supplier_id == supplier(session, 1).id
    # 1 closed, taken over by 2, closed in its turn, taken over by 3.
    days = ((1, 2, "2025-01-01"), (2, 3, "2026-02-01"))
    rows = [
        dict(zip(LINKS, (siret(a), siret(b), day, "", "", ""), strict=True)) for a, b, day in days
    ]
    links = write_csv(tmp_path / "LiensSuccession.csv", LINKS, rows)
    shut = {"etatAdministratif": "F", "dateDebut": "2025-01-01"}
    files = stock(tmp_path, [establishment(1, **shut), establishment(3)],
                  [legal_unit(n) for n in range(1, 4)])  # fmt: skip
    run = ingest(session, SOURCE, [*files, links], complete=True)
    assert run.outcome == "done", run.message
    link(session)
    session.refresh(line)
    assert line.supplier_id == supplier(session, 3).id
    said = session.scalars(
        select(Judgement).where(Judgement.mention_id == line.id, Judgement.withdrawn_at.is_(None))
    ).one()
    assert said.reasons == [
        f"SIRET publié ({siret(1)}) fermé, repris le 01/02/2026 par cet établissement"
    ]


def test_a_link_that_insee_takes_back_leads_nowhere_any_more(
    session: Session, tmp_path: Path
) -> None:
    know_territory(session)

    def month(*links: tuple[int, int]) -> None:
        shut = {"etatAdministratif": "F", "dateDebut": "2025-01-01"}
        files = stock(tmp_path, [establishment(1, **shut), *map(establishment, (2, 3))],
                      [legal_unit(n) for n in range(1, 4)])  # fmt: skip
        said = [dict(zip(LINKS, (siret(a), siret(b), "", "", "", ""), strict=True))
                for a, b in links]  # fmt: skip
        doubles = [{"siren": siret(a)[:9], "sirenDoublon": siret(b)[:9],
                    "dateDernierTraitementDoublon": ""} for a, b in links]  # fmt: skip
        files += [write_csv(tmp_path / "LiensSuccession.csv", LINKS, said),
                  write_csv(tmp_path / "Doublons.csv", DOUBLES, doubles)]  # fmt: skip
        run = ingest(session, SOURCE, files, complete=True)
        assert run.outcome == "done", run.message

    month((1, 2), (2, 1))
    assert heirs(session, {siret(1)}) == {siret(1): (siret(2), None)}
    assert duplicates.others(session, siret(1)[:9]) == [siret(2)[:9]]
    month((1, 3))
    assert heirs(session, {siret(1)}) == {siret(1): (siret(3), None)}
    assert duplicates.others(session, siret(1)[:9]) == [siret(3)[:9]]


def test_several_successors_or_none_leave_a_line_where_it_is(session: Session) -> None:
    know_territory(session)
    for number, state in ((1, "F"), (2, "A"), (3, "A")):
        session.add(Supplier(uid=siret(number), siret=siret(number), siren=siret(number)[:9],
                             origin="register", name="X", state=state, first_seen=date.today(),
                             last_seen=date.today()))  # fmt: skip
    session.add(Succession(closed_siret=siret(1), successor_siret=siret(2)))
    session.flush()
    assert heirs(session, {siret(1), siret(2)}) == {siret(1): (siret(2), None)}
    session.add(Succession(closed_siret=siret(1), successor_siret=siret(3)))
    session.flush()
    assert heirs(session, {siret(1)}) == {}
