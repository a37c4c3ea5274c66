"""INSEE's API as it answers: a key, forms, counts, CSV of so many lines, 404 for nothing."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from connectors.sirene_api import SOURCE
from sourcing import db, downloads
from sourcing.cli import main
from sourcing.fetch import FetchError
from sourcing.model import Run, Supplier
from sourcing.precedence import traces
from sourcing.source import Download, SourceError
from tests.geo_api_server import Answer, LocalServer, Seen, as_json, running
from tests.sirene_base import know_territory
from tests.sirene_files import JOINED_61, establishment, legal_unit, siret

KEY = "0123-abcd"
DOWNLOAD = SOURCE.downloads["etablissements.csv"]


class Sirene(LocalServer):
    """Answers /siret like API Sirene 3.11, of these lines; `most` lines in one CSV."""

    def __init__(self, *lines: dict[str, str]) -> None:
        super().__init__()
        self.lines, self.most, self.lost = list(lines), 200_000, 0

    @property
    def asked(self) -> list[str]:
        """Every q, as understood."""
        return [_form(seen)["q"] for seen in self.seen]

    def answer(self, seen: Seen) -> Answer:
        if self._script.get(seen.path):
            return super().answer(seen)
        if seen.headers.get("X-INSEE-Api-Key-Integration") != KEY:
            return as_json({"header": {"statut": 401, "message": "Unauthorized"}}, 401)
        form = _form(seen)
        found = list(filter(lambda line: _fits(form["q"], line), self.lines))
        if not found:
            said = f"Aucun élément trouvé pour q={form['q']}"
            return as_json({"header": {"statut": 404, "message": said}}, 404)
        if "curseur" in form:
            return _page(found, int(form["nombre"]), form["curseur"])
        if seen.headers.get("Accept") != "text/csv":
            header = {"statut": 200, "message": "ok", "total": len(found), "debut": 0, "nombre": 1}
            return as_json({"header": header, "etablissements": [{"siret": found[0]["siret"]}]})
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, JOINED_61, "", "ignore")
        writer.writeheader()
        writer.writerows(found[: self.most - self.lost])
        return Answer(out.getvalue().encode(), headers={"Content-Type": "text/csv"})


def _page(found: list[dict[str, str]], size: int, cursor: str) -> Answer:
    """As JSON, nested; the cursor comes back as it was once there is nothing more."""
    start = 0 if cursor == "*" else int(cursor)
    rows = []
    for line in found[start : start + size]:
        firm = {name: value or None for name, value in line.items() if "UniteLegale" in name}
        now = {"dateFin": None, "etatAdministratifEtablissement": "A"}
        past = {"dateFin": "2020-01-01", "etatAdministratifEtablissement": "F"}
        here = {name: value or None for name, value in line.items() if name not in firm | now}
        rows.append({"uniteLegale": firm, "periodesEtablissement": [now, past], **here})
    header = {"statut": 200, "total": len(found), "curseur": cursor,
              "curseurSuivant": str(start + size) if rows else cursor}  # fmt: skip
    return as_json({"header": header, "etablissements": rows})


def _form(seen: Seen) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}


def _fits(q: str, line: dict[str, str]) -> bool:
    if line["codeCommuneEtablissement"] not in re.findall(r"codeCommuneEtablissement:(\w+)", q):
        return False
    if since := re.search(r"dateDernierTraitementEtablissement:\[(\S+) TO \*\]", q):
        return line["dateDernierTraitementEtablissement"] >= since[1]
    assert "periode(etatAdministratifEtablissement:A AND -dateFin:*)" in q
    return line["etatAdministratifEtablissement"] == "A"


def line(
    number: int, commune: str = "56121", on: str = "2026-10-30", **said: str
) -> dict[str, str]:
    here = establishment(number, codeCommuneEtablissement=commune, libelleCommuneEtablissement="X")
    touched = {"dateDernierTraitementEtablissement": f"{on}T10:12:00.000"}
    return legal_unit(number) | here | touched | said


@pytest.fixture
def api() -> Iterator[Sirene]:
    with running(Sirene(line(1), line(2, "29233"), line(3, "35238"))) as server:
        yield server


def bring(api: Sirene, target: Path, **facts: str) -> Path:
    said = {"sirene_url": api.url, "sirene_key": KEY, "communes": "29233,56121", "since": ""}
    return downloads.bring(_patient(DOWNLOAD), target / "etablissements.csv", said | facts, "")


def _patient(download: Download) -> Download:
    """The same without waiting for one's turn."""
    return replace(download, requests_per_second=0.0)


def sirets(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as opened:
        return [row["siret"] for row in csv.DictReader(opened)]


def test_a_territory_comes_in_two_questions_its_number_and_its_lines(
    api: Sirene, tmp_path: Path
) -> None:
    assert sirets(bring(api, tmp_path)) == [siret(1), siret(2)]
    assert [seen.method for seen in api.seen] == ["POST", "POST"]
    assert api.asked[0].startswith(
        "(codeCommuneEtablissement:29233 OR codeCommuneEtablissement:56121) AND periode("
    )


def test_more_lines_than_an_answer_holds_are_asked_for_by_fewer_communes(
    api: Sirene, tmp_path: Path
) -> None:
    assert DOWNLOAD.portions
    few = replace(DOWNLOAD.portions, most_lines=1)
    download = replace(_patient(DOWNLOAD), portions=few)
    facts = {"sirene_url": api.url, "sirene_key": KEY, "since": "", "communes": "29233,35238,56121"}
    found = downloads.bring(download, tmp_path / "x.csv", facts, "")
    assert sirets(found) == [siret(2), siret(3), siret(1)]
    alone = replace(download, portions=replace(few, pages=None))
    api.lines.append(line(4))
    with pytest.raises(FetchError, match="a 2 lignes pour 56121 seul"):
        downloads.bring(alone, tmp_path / "x.csv", facts, "")
    assert len(sirets(found)) == 3


def test_a_place_too_large_for_one_answer_is_asked_for_by_a_cursor(
    api: Sirene, tmp_path: Path
) -> None:
    api.lines += [line(n, "56121") for n in range(4, 9)]
    assert DOWNLOAD.portions and DOWNLOAD.portions.pages
    pages = replace(DOWNLOAD.portions.pages, form={"nombre": "2", "curseur": "*"})
    few = replace(DOWNLOAD.portions, most_lines=1, pages=pages)
    facts = {"sirene_url": api.url, "sirene_key": KEY, "since": "", "communes": "29233,56121"}
    path = downloads.bring(replace(_patient(DOWNLOAD), portions=few), tmp_path / "x.csv", facts, "")
    # Under the columns of what came as CSV.
    assert sirets(path) == [siret(n) for n in (2, 1, 4, 5, 6, 7, 8)]
    with path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    same = ("codeCommuneEtablissement", "denominationUniteLegale", "etatAdministratifEtablissement")
    assert [[row[c] for c in same] for row in rows[1:3]] == [
        [api.lines[n][c] for c in same] for n in (0, 3)
    ]


def test_a_limit_is_waited_for_and_a_cut_answer_replaces_nothing(
    api: Sirene, tmp_path: Path
) -> None:
    bring(api, tmp_path)
    api.lost, api.most = 1, 2
    with pytest.raises(FetchError, match="1 lignes sur les 2 annoncées"):
        bring(api, tmp_path)
    assert len(sirets(tmp_path / "etablissements.csv")) == 2
    api.lost = 0
    limited = Answer(b'{"header": {"statut": 429}}', 429, {"Retry-After": "0"})
    api.on("/siret", limited, as_json({"header": {"statut": 200, "total": 0}}))
    assert sirets(bring(api, tmp_path, since="2026-11-01")) == []


def test_an_expired_key_says_where_it_is_set(api: Sirene, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"clé d'accès, expirée .* SOURCING_SIRENE_KEY\.$"):
        bring(api, tmp_path, sirene_key="expired")
    with pytest.raises(SourceError, match="SOURCING_SIRENE_KEY"):
        bring(api, tmp_path, sirene_key="")


def test_a_key_does_not_follow_a_redirection_elsewhere(api: Sirene, tmp_path: Path) -> None:
    with running(LocalServer()) as other:
        api.on("/siret", Answer(status=307, headers={"Location": f"{other.url}/siret"}))
        with pytest.raises(FetchError, match="aucune ligne"):
            bring(api, tmp_path)
        assert "X-INSEE-Api-Key-Integration" not in other.seen[0].headers


def test_one_command_brings_a_register_then_only_what_changed(
    api: Sirene, tmp_path: Path, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction(sqlite_engine) as session:
        know_territory(session)
    monkeypatch.setattr("sourcing.fetch.time.sleep", lambda seconds: None)
    for name, value in {"DATA_DIR": tmp_path, "DATABASE_URL": sqlite_engine.url,
                        "SIRENE_URL": api.url, "SIRENE_KEY": KEY}.items():  # fmt: skip
        monkeypatch.setenv(f"SOURCING_{name}", str(value))
    monkeypatch.setattr("sys.argv", ["sourcing", "refresh", "sirene_api"])

    def refresh() -> tuple[list[tuple[str | None, str]], list[Run]]:
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        with Session(sqlite_engine) as session:
            known = session.execute(select(Supplier.siret, Supplier.state).order_by(Supplier.siret))
            return [(s, state) for s, state in known], list(session.scalars(select(Run)))

    known, _ = refresh()
    assert known == [(siret(1), "A"), (siret(2), "A")]
    closed = line(2, "29233", "2026-11-02", etatAdministratifEtablissement="F")
    api.lines[1:2] = [closed, line(5, on="2026-11-02")]
    known, runs = refresh()
    assert known == [(siret(1), "A"), (siret(2), "F"), (siret(5), "A")]
    assert (runs[-1].rows, runs[-1].added, runs[-1].changed, runs[-1].gone) == (3, 1, 1, 0)
    with Session(sqlite_engine) as session:
        newest = session.scalars(select(Supplier).where(Supplier.siret == siret(5))).one()
        (where,) = traces(session, newest, [])["name"]
        assert (where.source, where.files) == ("sirene_api", ("etablissements.csv",))
    assert "[2026-10-30 TO *]" in api.asked[-1]
    api.lines.clear()
    known, runs = refresh()
    assert (len(known), len(runs)) == (3, 2)
