"""Lists in one file or in many answers, from services that answer like the real ones."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from connectors import recherche_entreprises
from connectors.readers import read
from sourcing import downloads
from sourcing.fetch import FetchError
from sourcing.source import Download, Paging, SourceError
from tests.geo_api_server import Answer, LocalServer, Seen, as_json, running

LINES = "/api/v1/datasets/liste-des-entreprises-rge-2/lines"
PAGE = Answer(b"<!DOCTYPE html><p>Maintenance</p>", headers={"Content-Type": "text/html"})
TOKEN = "k" * 64


class Market(LocalServer):
    """Marché de l'inclusion's API: a token, an envelope, the address of the next page as http."""

    def answer(self, seen: Seen) -> Answer:
        if seen.path != "/api/siae/" or seen.path in self._script:
            return super().answer(seen)
        if seen.headers.get("Authorization") != f"Bearer {TOKEN}":
            said = {"detail": "Informations d'authentification non fournies."}
            return as_json(said, 401)
        start, limit = int(seen.query.get("offset", 0)), int(seen.query["limit"])
        found = [{"id": i, "siret": f"{i:014}"} for i in range(start, min(start + limit, 25))]
        following = f"{self.url}/api/siae/?limit={limit}&offset={start + limit}"
        after = following if start + limit < 25 else None
        return as_json({"count": 25, "next": after, "previous": None, "results": found})


class Bio(LocalServer):
    """Agence Bio's API: counts from `debut`, gives at most 20 whatever is asked, total as text."""

    def answer(self, seen: Seen) -> Answer:
        start = int(seen.query.get("debut", 0))
        found = [{"numeroBio": i} for i in range(start, min(start + 20, 45))]
        return as_json({"nbTotal": "45", "items": found})


class Annuaire(LocalServer):
    """API Recherche d'entreprises: numbered pages of 25, firms of the communes asked, and more."""

    def __init__(self, firms: int) -> None:
        super().__init__()
        self.firms = firms

    def answer(self, seen: Seen) -> Answer:
        if len(self.seen) == 1:
            return Answer(status=429, headers={"Retry-After": "0"})
        page, communes = int(seen.query.get("page", 1)), seen.query["code_commune"].split(",")
        first = communes[0]
        found = [
            {"siren": f"9{first[-3:]}{n:05}", "nom_complet": "NOM DE QUELQU'UN", "complements": {
                "est_rge": True, "collectivite_territoriale": {"elus": [{"nom": "QUELQU'UN"}]}}}
            for n in range(25 * (page - 1), min(25 * page, self.firms))
        ]  # fmt: skip
        return as_json({"results": found, "total_results": min(self.firms, 10_000), "page": page,
                        "per_page": 25, "total_pages": -(-self.firms // 25)})  # fmt: skip


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with running(LocalServer()) as server:
        yield server


@pytest.fixture
def market() -> Iterator[Market]:
    with running(Market()) as server:
        yield server


def siae(server: LocalServer) -> Download:
    return Download(
        f"{server.url}/api/siae/",
        params={"limit": "10"},
        headers={"Authorization": "Bearer {marche_inclusion_token}"},
        paging=Paging("results", next="next", total="count"),
    )


def lines(server: LocalServer) -> Download:
    return Download(server.url + LINES, {"size": "2"}, paging=Paging("results", "next"))


def bring(download: Download, target: Path, facts: Mapping[str, str] | None = None) -> Path:
    return downloads.bring(download, target, facts or {}, "")


def numbers(path: Path, column: str) -> list[str]:
    return [row.values[column] for row in read(path)]


def test_every_page_of_a_list_ends_in_one_file(market: Market, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = downloads.bring(
        siae(market),
        tmp_path / "siae.json",
        {"marche_inclusion_token": TOKEN},
        "",
        lambda done, total: steps.append((done, total)),
    )
    assert numbers(found, "id") == [str(i) for i in range(25)]
    assert steps == [(10, 25), (20, 25), (25, 25)]
    assert [p.name for p in tmp_path.iterdir()] == ["siae.json"]


def test_a_service_that_counts_is_asked_from_where_it_stopped(tmp_path: Path) -> None:
    with running(Bio()) as server:
        by_offset = Download(
            server.url,
            {"departements": "{departements}", "nb": "1000"},
            paging=Paging("items", offset="debut", total="nbTotal"),
        )
        found = bring(by_offset, tmp_path / "bio.json", {"departements": "29,56"})
        assert server.seen[0].query["departements"] == "29,56"
    assert numbers(found, "numeroBio") == [str(i) for i in range(45)]


def test_a_cursor_is_followed_until_it_comes_back(server: LocalServer, tmp_path: Path) -> None:
    def page(rows: list[int], after: str) -> Answer:
        return as_json({"header": {"curseurSuivant": after}, "etablissements": rows})

    server.on("/siret", page([1, 2], "AoE"), page([3], "AoF"), page([], "AoF"))
    by_cursor = Download(
        f"{server.url}/siret",
        {"curseur": "*"},
        paging=Paging("etablissements", next="header.curseurSuivant", cursor="curseur"),
    )
    assert bring(by_cursor, tmp_path / "x.json").read_text() == "1\n2\n3\n"
    assert [seen.query["curseur"] for seen in server.seen] == ["*", "AoE", "AoF"]


def test_a_missing_key_is_asked_for_before_anything_is_sent(market: Market, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="SOURCING_MARCHE_INCLUSION_TOKEN"):
        bring(siae(market), tmp_path / "siae.json")
    assert market.seen == []


def test_a_refused_key_is_named_and_yesterday_stays(market: Market, tmp_path: Path) -> None:
    (tmp_path / "siae.json").write_text("yesterday")
    with pytest.raises(FetchError, match="clé d'accès") as failure:
        bring(siae(market), tmp_path / "siae.json", {"marche_inclusion_token": "wrong"})
    assert failure.value.status == 401
    assert (tmp_path / "siae.json").read_text() == "yesterday"


def test_a_key_never_leaves_for_another_host(market: Market, tmp_path: Path) -> None:
    stray = {"count": 2, "next": "http://localhost:1/api/siae/?offset=1", "results": [{"id": 1}]}
    market.on("/api/siae/", as_json(stray))
    with pytest.raises(FetchError, match=r"renvoie vers un autre service \(localhost:1\)"):
        bring(siae(market), tmp_path / "siae.json", {"marche_inclusion_token": TOKEN})


def test_a_limit_met_on_the_way_is_waited_for(server: LocalServer, tmp_path: Path) -> None:
    after = f"{server.url}{LINES}?after=2"
    first, last = {"results": [{"n": 1}], "next": after}, {"results": [{"n": 2}]}
    slow = Answer(status=429, headers={"Retry-After": "0"})
    server.on(LINES, as_json(first), slow, Answer(status=503), as_json(last))
    assert numbers(bring(lines(server), tmp_path / "rge.json"), "n") == ["1", "2"]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (PAGE, "page web au lieu de données"),
        (Answer(b'{"results": [{"n"'), "tronquées ou illisibles"),
        (Answer(status=302, headers={"Location": LINES}), "renvoie en boucle"),
        (as_json({"erreur": "quota"}), "répond sans « results »"),
        (as_json({"results": [{"n": 1}], "next": LINES + "?after=2"}), "sans fin les mêmes"),
        (Answer(status=400), "refusée comme incorrecte"),
    ],
)
def test_a_failure_half_way_replaces_nothing(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: Answer, said: str
) -> None:
    monkeypatch.setattr("sourcing.fetch.time.sleep", lambda seconds: None)
    (tmp_path / "rge.json").write_text("yesterday")
    first = {"results": [{"n": 1}], "next": f"{server.url}{LINES}?after=2"}
    server.on(LINES, as_json(first), second)
    with pytest.raises(FetchError, match=said):
        bring(lines(server), tmp_path / "rge.json")
    assert (tmp_path / "rge.json").read_text() == "yesterday"


def test_fewer_rows_than_announced_is_no_whole_list(server: LocalServer, tmp_path: Path) -> None:
    server.on("/x", as_json({"count": 3, "next": None, "results": [{"id": 1}]}))
    short = replace(siae(server), url=f"{server.url}/x", headers={})
    with pytest.raises(FetchError, match="annonce 3 lignes et en donne 1"):
        bring(short, tmp_path / "siae.json")


def test_a_file_is_asked_for_with_its_parameters(server: LocalServer, tmp_path: Path) -> None:
    server.on("/exports/csv", Answer(b"siren;certifications\n"))
    export = Download(f"{server.url}/exports/csv", {"delimiter": ";"})
    assert bring(export, tmp_path / "of.csv").read_bytes() == b"siren;certifications\n"
    assert server.seen[0].query == {"delimiter": ";"}


RESOURCE = "a29c1297-1f92-4e2a-8f6b-8c902ce96c5f"


def stock_of(server: LocalServer, content: bytes, sha1: str) -> Download:
    """A file of data.gouv.fr, and what is published of it."""
    said = {"resource": {"id": RESOURCE, "checksum": {"type": "sha1", "value": sha1}}}
    server.on(f"/api/2/datasets/resources/{RESOURCE}/", as_json(said))
    server.on("/static/stock.parquet", Answer(content))
    moved = Answer(status=302, headers={"Location": f"{server.url}/static/stock.parquet"})
    server.on(f"/api/1/datasets/r/{RESOURCE}", moved)
    return Download(f"/api/1/datasets/r/{RESOURCE}")


def test_a_file_of_data_gouv_has_the_checksum_published_with_it(
    server: LocalServer, tmp_path: Path
) -> None:
    target = tmp_path / "stock.parquet"
    download = stock_of(server, b"October", hashlib.sha1(b"October").hexdigest())
    assert downloads.bring(download, target, {}, server.url).read_bytes() == b"October"
    asked = len(server.seen)
    downloads.bring(download, target, {}, server.url)
    assert len(server.seen) == asked + 1, "the file is there: only its checksum is asked for"


def test_a_file_without_its_checksum_does_not_replace_yesterdays(
    server: LocalServer, tmp_path: Path
) -> None:
    target = tmp_path / "stock.parquet"
    target.write_bytes(b"October")
    download = stock_of(server, b"Novem", hashlib.sha1(b"November").hexdigest())
    with pytest.raises(FetchError, match=r"stock\.parquet .* n'a pas l'empreinte annoncée"):
        downloads.bring(download, target, {}, server.url)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("stock.parquet", b"October")]


def of_annuaire(server: LocalServer) -> Download:
    return replace(recherche_entreprises.SOURCE.downloads["est_rge.jsonl"], requests_per_second=0.0)


def test_a_directory_is_asked_by_groups_of_communes_and_only_what_is_used_is_written(
    tmp_path: Path,
) -> None:
    communes = [f"56{n:03}" for n in range(1, 61)]
    with running(Annuaire(60)) as server:
        facts = {"recherche_entreprises_url": server.url, "communes": ",".join(communes)}
        path = bring(of_annuaire(server), tmp_path / "rge.jsonl", facts)
        asked = [(seen.query["code_commune"].count(",") + 1, seen.query.get("page", "1"))
                 for seen in server.seen]  # fmt: skip
        # The first, refused by the quota, was asked again.
        assert asked == [(40, "1"), *((40, p) for p in "123"), *((20, p) for p in "123")]
    assert len(path.read_text().splitlines()) == 120
    assert "QUELQU" not in path.read_text()
    rows = list(read(path))
    assert (rows[0].get("siren"), rows[0].get("complements.est_rge")) == ("900100000", "true")
    record = recherche_entreprises.parse(rows[0])
    assert record and (record.statuses, record.level) == (("label:RGE",), "siren")


def test_communes_with_too_many_firms_are_asked_for_by_fewer_then_by_activity(
    tmp_path: Path,
) -> None:
    class Many(LocalServer):
        """Four firms a commune, one in each of four sections."""

        def answer(self, seen: Seen) -> Answer:
            asked = seen.query["code_commune"].split(",")
            section = seen.query.get("section_activite_principale", "")
            each = "ABCD" if not section else section if section in "ABCD" else ""
            found = [{"siren": f"9{c}{ord(s):03}"} for c in asked for s in each]
            return as_json({"results": found, "total_results": len(found), "total_pages": 1})

    with running(Many()) as server:
        facts = {"recherche_entreprises_url": server.url, "communes": "56001,56002,56003"}
        asked = of_annuaire(server)
        few = replace(asked.paging, most=9)  # type: ignore[type-var]
        halved = bring(replace(asked, paging=few), tmp_path / "halved.jsonl", facts)
        assert len(halved.read_text().splitlines()) == 12
        assert [seen.query["code_commune"] for seen in server.seen] == [
            "56001,56002,56003", "56001", "56002,56003"
        ]  # fmt: skip
        least = replace(asked.paging, most=3)  # type: ignore[type-var]
        by_section = bring(replace(asked, paging=least), tmp_path / "section.jsonl", facts)
        assert set(by_section.read_text().splitlines()) == set(halved.read_text().splitlines())


def test_a_directory_that_cuts_its_answer_is_not_taken_for_whole(tmp_path: Path) -> None:
    with running(Annuaire(12_000)) as server:
        facts = {"recherche_entreprises_url": server.url, "communes": "56121"}
        whole = replace(of_annuaire(server).paging, most=50)  # type: ignore[type-var]
        asked = replace(of_annuaire(server), paging=whole)
        with pytest.raises(FetchError, match="ne donne que les 50 premières"):
            bring(asked, tmp_path / "rge.jsonl", facts)
    assert list(tmp_path.glob("*.jsonl")) == []
