"""The commands as a person types them: files to a search, a list to its siret, a mistake told."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from connectors import load_all
from sourcing.cli import MODULES, main
from tests.geo_api_server import Answer, GeoApi, LocalServer, commune, running

Run = Callable[..., str]


class Stopped(Exception):
    """The command ended with this code, having said this."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def sourcing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run a command in the module's own data directory; returns what it printed."""
    monkeypatch.setenv("SOURCING_DATA_DIR", str(home))

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["sourcing", *arguments])
        capfd.readouterr()
        try:
            main()
        except SystemExit as end:
            said = capfd.readouterr()
            if end.code:
                raise Stopped(said.err) from None
            return said.out
        return capfd.readouterr().out

    yield run


@pytest.fixture(scope="module")
def base(home: Path) -> Path:
    """The demonstration, made once by the command itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCING_DATA_DIR", str(home))
        patch.setattr("sys.argv", ["sourcing", "demo", "--establishments", "5000", "--no-serve"])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
    return home


def answers(text: str) -> list[dict[str, object]]:
    found = json.loads(text)
    assert isinstance(found, list)
    return found


def test_a_need_finds_suppliers_of_the_asked_status_near_a_place(base: Path, sourcing: Run) -> None:
    hits = answers(
        sourcing(
            "search",
            "entretien d'espaces verts",
            "--status",
            "siae",
            "--near",
            "56100",
            "--radius-km",
            "20",
            "--format",
            "json",
        )
    )
    assert hits
    assert all("siae" in str(hit["statuses"]) for hit in hits)
    assert all(float(str(hit["distance_km"])) <= 20 for hit in hits)
    assert all(hit["reasons"] for hit in hits)


@pytest.mark.parametrize("form", ["table", "csv", "json", "geojson", "xlsx"])
def test_every_format_is_written(base: Path, sourcing: Run, tmp_path: Path, form: str) -> None:
    if form == "table":
        assert "km" in sourcing("search", "nettoyage", "--near", "Lorient")
        return
    out = tmp_path / f"panel.{form}"
    sourcing("search", "nettoyage", "--near", "Lorient", "--format", form, "-o", str(out))
    assert out.stat().st_size > 500


def test_a_need_is_classified(sourcing: Run) -> None:
    assert (
        answers(sourcing("classify", "tonte et taille de haies", "--format", "json"))[0]["code"]
        == "EV-01"
    )


def test_a_list_gets_its_siret_back(base: Path, sourcing: Run, tmp_path: Path) -> None:
    known = answers(sourcing("search", "--commune", "56098", "--limit", "3", "--format", "json"))
    mine = tmp_path / "mes fournisseurs.csv"
    mine.write_text(
        "Nom;Commune\n" + "".join(f"{k['name']};{k['commune']}\n" for k in known), "utf-8"
    )
    rows = list(
        csv.DictReader(
            io.StringIO(sourcing("match", str(mine)).removeprefix("\ufeff")), delimiter=";"
        )
    )
    assert len(rows) == 3
    assert {"Nom", "Commune", "siret", "score", "verdict", "reason"} <= rows[0].keys()
    assert any(row["siret"] == known[0]["siret"] for row in rows)


def test_a_sheet_and_the_meeting_are_files_and_the_meetings_code_needs_an_address(
    base: Path, sourcing: Run, tmp_path: Path
) -> None:
    sheet, meeting = tmp_path / "feuille.pdf", tmp_path / "reunion.html"
    sourcing("sheet", str(sheet), "--paper", "a3", "nettoyage")
    assert sheet.read_bytes().startswith(b"%PDF")
    with pytest.raises(Stopped, match="SOURCING_PUBLIC_URL"):
        sourcing("map", str(meeting), "--meeting")
    sourcing("map", str(meeting), "--meeting", "--address", "https://exemple.fr")
    assert "exemple.fr/inscription" in meeting.read_text(encoding="utf-8")


def test_the_map_is_one_file_that_says_its_names_are_fictitious(
    base: Path, sourcing: Run, tmp_path: Path
) -> None:
    sourcing("map", str(tmp_path / "carte.html"), "nettoyage", "--territory")
    page = (tmp_path / "carte.html").read_text("utf-8")
    assert "fictifs" in page
    assert 'src="http' not in page


def test_the_state_of_the_base_is_told(base: Path, sourcing: Run) -> None:
    state = json.loads(sourcing("status", "--format", "json"))
    assert state["communes"] == 25
    read = {run["source"] for run in state["sources"]}
    assert read == {"sirene", "marche_inclusion", "esat_gesat", "innovation", "decp"}


def test_the_demonstration_never_covers_real_data(
    home: Path, sourcing: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCING_DATA_DIR", str(tmp_path))
    real = tmp_path / "liste.csv"
    real.write_text(
        "Raison sociale,Enseigne,Type de structure,Adresse,Code postal,Ville,"
        "Référence client 1,Référence client 2,Référence client 3\n"
        "Atelier du Scorff,,Entreprise d'insertion (EI),1 rue du Port,56100,Lorient,,,\n",
        "utf-8",
    )
    sourcing("ingest", "marche_inclusion", str(real), "--everywhere")
    with pytest.raises(Stopped, match="vraies données"):
        sourcing("demo", "--establishments", "5000", "--no-serve")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ingest", "sirene", "nulle-part.csv"), "Fichier introuvable : nulle-part.csv"),
        (("ingest", "inconnue", __file__), "Source inconnue : inconnue"),
        (("ingest", "marche_inclusion", __file__), "test_cli.py"),
        (("fetch", "innovation"), "ne se télécharge pas"),
        (("search", "--radius-km", "5"), "--near"),
        (("user", "x@exemple.fr", "--password", "court"), "au moins 12"),
    ],
)
def test_a_mistake_is_one_sentence_and_a_failure(
    base: Path, sourcing: Run, arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(Stopped, match=told) as stopped:
        sourcing(*arguments)
    assert "Traceback" not in str(stopped.value)


def test_an_unknown_setting_is_refused(sourcing: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCING_BASE", "x")
    with pytest.raises(Stopped, match="Réglage inconnu : SOURCING_BASE"):
        sourcing("status")


def test_the_territory_comes_from_the_public_api(
    sourcing: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCING_DATA_DIR", str(tmp_path))
    lorient = commune("56121", "Lorient", "56100", -3.37, 47.75, "200042174")
    with running(GeoApi([lorient], {"200042174": "CA Lorient Agglomération"})) as api:
        monkeypatch.setenv("SOURCING_GEO_API_URL", api.url)
        assert "1 commune, 1 000 habitants, 1 contour" in sourcing("territory", "200042174")


def test_the_files_of_a_source_are_downloaded_where_asked(
    sourcing: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(LocalServer()) as server:
        for download in load_all()["sirene"].downloads.values():
            server.on(download.url, Answer(b"PAR1 and the rest"))
        monkeypatch.setenv("SOURCING_DATAGOUV_URL", server.url)
        sourcing("fetch", "sirene", "--to", str(tmp_path))
    assert (tmp_path / "StockUniteLegale_utf8.parquet").read_bytes() == b"PAR1 and the rest"


def test_each_command_is_where_it_is_looked_for() -> None:
    for module, names in MODULES.items():
        defined = import_module(f"sourcing.commands.{module}").COMMANDS
        assert tuple(command.name for command in defined) == names


def test_a_command_starts_without_what_it_seldom_needs(migrated_sqlite: Path) -> None:
    """Importing one of these is a tenth of a command's start; the base is at the newest schema."""
    code = (
        "import sys; from sourcing import cli, db; cli.cli.get_command(None, 'refresh'); "
        f"db.migrate(db.connect('sqlite:///{migrated_sqlite}')); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seldom = {"alembic", "email_validator", "flask", "openpyxl", "pyproj", "requests", "werkzeug"}
    assert not seldom & set(done.stdout.split())
