"""The API: the page's search for programs, which refuses what it does not understand."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import segments, tagging
from sourcing.model import Supplier
from sourcing.search.query import Near, Query
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from webapp.api import parameters

LISTED, MASKED = invented.siret(8), invented.siret(7)
SEARCHES = (
    "q=jardins", "q=entretien+espaces+verts&statut=tpe&statut=pme", "tri=nom&page=2",
    "autour=Hennebont&rayon=6&tri=distance", "commune=56121&effectif=1-9", "famille=EV&masques=1",
    "territoire=0&q=&zone=-3.40,47.70,-3.30,47.80&tri=effectif", f"q={LISTED[:9]}",
)  # fmt: skip
REFUSED = (
    ("tri=prix", "tri"), ("page=0", "page"), ("page=1.5", "page"), ("par_page=101", "par_page"),
    ("rayon=-3&autour=Lorient", "rayon"), ("rayon=5", "autour"), ("rayon=1_0", "rayon"),
    ("zone=1,2", "zone"), ("autour=Atlantide", "Atlantide"), ("commune=99999", "99999"),
    ("territoire=2", "territoire"), ("statut=sia", "siae"), ("q=a&q=b", "q"),
    ("commune=99", "99"), ("q=a&exact=b", "exact"), ("q=%00", "q"),
    ("commune=%00", "commune"), ("autour=a%00", "autour"),
)  # fmt: skip
READ_ONLY = ("POST", "PUT", "PATCH", "DELETE", "TRACE")


def read(visitor: Visitor, path: str, **headers: str) -> Any:
    """The JSON of an answer that must be a success."""
    answer = visitor.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def refusal(visitor: Visitor, path: str, status: int, method: str = "GET") -> Any:
    """The problem document of an answer that must be refused with this status."""
    answer = visitor.client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    said = json.loads(answer.data)
    assert said["status"] == status
    return said


def uids(found: Mapping[str, Any]) -> list[str]:
    return [each["uid"] for each in found["suppliers"]]


# --- the same search as the page ---


def test_the_same_address_gives_the_same_suppliers_as_the_page(either: Flask) -> None:
    visitor = Visitor(either)
    for search in SEARCHES:
        page = re.findall(r'id="f-(\w+)"', visitor.read(f"/fournisseurs?{search}"))
        assert page, search
        assert uids(read(visitor, f"/api/v1/suppliers?{search}")) == page, search


def test_every_name_a_query_is_written_with_is_a_parameter(visitor: Visitor) -> None:
    query = Query(
        text="tonte", segments=("EV-01",), families=("EV",), statuses=("siae",), sizes=("1-9",),
        communes=("56121",), near=Near("Lorient"), radius_km=5.0, territory_only=False,
        bbox=(-3.5, 47.0, -3.0, 48.0), sort="nom", page=2, with_noise=True,
    )  # fmt: skip
    document = read(visitor, "/api/v1/openapi.json")
    said = document["paths"]["/api/v1/suppliers"]["get"]["parameters"]
    assert {name for name, _ in query.to_args()} < {each["name"] for each in said}


def test_a_name_the_parser_learns_is_a_parameter_by_itself(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Learned(Query):
        @classmethod
        def from_args(cls, args: Mapping[str, Sequence[str]]) -> Query:
            beside = args.get("beside", ()) if args.get("label") else ()
            return Query.from_args({"statut": args.get("label", ()), "famille": beside})

    monkeypatch.setattr(parameters, "Query", Learned)
    assert parameters.names.__wrapped__() == ("label", "beside")
    assert parameters._changes("label", "a", "b")


def test_the_codes_of_this_site_are_in_the_document(visitor: Visitor) -> None:
    document = read(visitor, "/api/v1/openapi.json")
    said = {
        each["name"]: each for each in document["paths"]["/api/v1/suppliers"]["get"]["parameters"]
    }
    assert document["openapi"].startswith("3.1")
    assert "siae" in said["statut"]["schema"]["items"]["enum"]
    assert "EV-01" in said["segment"]["schema"]["items"]["enum"]
    assert said["territoire"]["schema"] == {"type": "string", "enum": ["0", "1"], "default": "1"}


# --- nothing is passed over in silence ---


def test_an_unknown_parameter_is_refused_with_the_nearest_known(visitor: Visitor) -> None:
    said = refusal(visitor, "/api/v1/suppliers?statuts=siae", 400)
    assert (said["parameter"], said["nearest"]) == ("statuts", "statut")
    assert said["detail"] == "Le paramètre « statuts » n’existe pas. Vouliez-vous dire « statut » ?"
    refusal(visitor, "/api/v1/communes?page=1", 400)


def test_a_value_that_is_not_understood_is_refused_and_named(either: Flask) -> None:
    visitor = Visitor(either)
    for search, named in REFUSED:
        said = refusal(visitor, f"/api/v1/suppliers?{search}", 400)
        assert named in said["detail"], search


@pytest.mark.parametrize("path", ["suppliers/00000000000000", "suppliers/%00", "rien", ""])
def test_what_does_not_exist_is_a_problem_document(either: Flask, path: str) -> None:
    refusal(Visitor(either), f"/api/v1/{path}", 404)


@pytest.mark.parametrize("method", READ_ONLY)
def test_the_api_is_read_only(visitor: Visitor, method: str) -> None:
    refusal(visitor, "/api/v1/suppliers", 405, method)
    allowed = visitor.client.open("/api/v1/suppliers", method=method).headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_format_nobody_writes_is_refused_with_those_that_are(visitor: Visitor) -> None:
    answer = visitor.client.get("/api/v1/suppliers", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    assert "text/csv" in json.loads(answer.data)["known"]


def test_a_lost_base_is_a_problem_document_that_says_little(app: Flask, tmp_path: Path) -> None:
    app.extensions["sourcing"].engine.dispose()
    (tmp_path / "base.sqlite").write_bytes(b"not a database" * 500)
    assert "malformed" not in refusal(Visitor(app), "/api/v1/suppliers", 500)["detail"]


# --- pages and formats ---


def walk(visitor: Visitor, path: str) -> Iterator[Any]:
    while path:
        found = read(visitor, path)
        yield found
        path = found["links"].get("next", "")


def test_the_links_lead_through_every_supplier_once(visitor: Visitor) -> None:
    pages = list(walk(visitor, "/api/v1/suppliers?tri=nom&par_page=7&masques=1"))
    seen = [uid for page in pages for uid in uids(page)]
    assert len(seen) == len(set(seen)) == pages[0]["meta"]["total"]
    assert len(pages) == pages[0]["meta"]["pages"]
    assert "prev" not in pages[0]["links"]
    assert pages[-1]["links"]["prev"].endswith(f"page={len(pages) - 1}")


def test_a_page_beyond_the_last_is_empty_and_leads_back(visitor: Visitor) -> None:
    found = read(visitor, "/api/v1/suppliers?page=400&par_page=50")
    assert (found["suppliers"], found["links"]["prev"][-6:]) == ([], "page=2")


def test_geojson_and_csv_come_by_accept_with_the_same_suppliers(either: Flask) -> None:
    visitor, path = Visitor(either), "/api/v1/suppliers?statut=siae&par_page=3"
    expected = read(visitor, path)
    features = read(visitor, path, Accept="application/geo+json")["features"]
    assert [each["properties"]["uid"] for each in features] == uids(expected)
    assert features[0]["geometry"]["type"] == "Point"
    answer = visitor.client.get(path, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert [row["SIRET"] for row in rows] == uids(expected)
    assert answer.headers["X-Total-Count"] == str(expected["meta"]["total"])
    assert 'rel="next"' in "".join(answer.headers.getlist("Link"))


def test_the_answer_says_its_sources_and_their_licences(visitor: Visitor) -> None:
    meta = read(visitor, "/api/v1/suppliers?q=jardins")["meta"]
    assert ("Insee", "Licence Ouverte 2.0", "2026-09-01") in [
        (each["publisher"], each["licence"], each["updated_on"]) for each in meta["sources"]
    ]
    assert (meta["is_demo"], meta["guesses"][0]["words"]) == (True, ["jardins"])


# --- suppliers, segments, communes ---


def test_a_supplier_says_why_at_which_level_and_since_when(either: Flask) -> None:
    found = read(Visitor(either), f"/api/v1/suppliers/{LISTED}")["supplier"]
    status = next(each for each in found["statuses"] if each["code"] == "siae")
    assert (status["level"], status["source"]) == ("siret", "marche_inclusion")
    assert (status["because"][:2], status["seen_on"]) == ("EI", "2026-09-01")
    assert found["segments"][0]["because"] == "code NAF 81.30Z"
    assert 0 < found["segments"][0]["weight"] <= 1
    assert found["position"]["precision"] == "exact"
    assert [each["name"] for each in found["sources"]] == ["sirene", "marche_inclusion"]


def test_contacts_are_given_to_nobody(visitor: Visitor) -> None:
    visitor.sign_in(*invented.BUYER)
    for path in (f"/{LISTED}", "?statut=siae", f"?q={LISTED}"):
        for media in ("application/json", "application/geo+json", "text/csv"):
            answer = visitor.client.get(f"/api/v1/suppliers{path}", headers={"Accept": media})
            assert not re.search("contact@exemple.fr|33297000000|02 97", answer.text)


def test_a_masked_person_stays_masked(visitor: Visitor, base: Session) -> None:
    hidden = base.scalars(select(Supplier).where(Supplier.uid == MASKED)).one()
    for path in (f"/{MASKED}", f"?q={MASKED}"):
        answer = visitor.client.get(f"/api/v1/suppliers{path}").text
        assert "[Non diffusible]" in answer
        assert hidden.name not in answer
        assert hidden.address not in answer
        assert str(round(hidden.lon or 0, 3)) not in answer


def test_a_need_is_answered_with_ranked_segments_and_the_words_that_decided(
    visitor: Visitor,
) -> None:
    found = read(visitor, "/api/v1/segments?besoin=tonte+des+pelouses")["segments"]
    assert found[0]["code"] == "EV-01"
    assert "tonte" in " ".join(found[0]["words"])
    assert [each["score"] for each in found] == sorted((s["score"] for s in found), reverse=True)
    assert read(visitor, "/api/v1/segments")["meta"]["total"] == len(segments.load().segments)


def test_the_communes_are_those_of_the_territory(either: Flask) -> None:
    found = read(Visitor(either), "/api/v1/communes")["communes"]
    drawn = read(Visitor(either), "/api/v1/communes", Accept="application/geo+json")["features"]
    assert {each["code"] for each in found} == {code for code, *_ in invented.COMMUNES}
    assert {each["properties"]["code"] for each in drawn} == {each["code"] for each in found}
    assert drawn[0]["geometry"]["type"] == "Polygon"


# --- other sites and caches ---


def test_any_site_may_read_and_none_with_its_visitors_cookies(visitor: Visitor) -> None:
    for path in ("/api/v1/suppliers", "/api/v1/rien", "/api/v1/suppliers?tri=x"):
        headers = visitor.client.get(path, headers={"Origin": "https://ailleurs.fr"}).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert not {"Access-Control-Allow-Credentials", "Set-Cookie"} & set(headers.keys())
    asked = visitor.client.options("/api/v1/suppliers").headers["Access-Control-Allow-Methods"]
    assert asked == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Origin" not in visitor.get("/fournisseurs").headers


@pytest.mark.parametrize("path", ["suppliers?q=jardins", f"suppliers/{LISTED}", "segments"])
def test_an_unchanged_answer_is_not_sent_again(visitor: Visitor, path: str) -> None:
    first = visitor.get(f"/api/v1/{path}")
    kept = {"If-None-Match": first.headers["ETag"]}
    again = visitor.client.get(f"/api/v1/{path}", headers=kept)
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "public, no-cache"


def test_new_tags_and_another_format_are_another_answer(visitor: Visitor, base: Session) -> None:
    first = visitor.get("/api/v1/suppliers").headers["ETag"]
    kept = {"If-None-Match": first}
    as_csv = visitor.client.get("/api/v1/suppliers", headers={**kept, "Accept": "text/csv"})
    assert as_csv.status_code == 200
    tagging.tag(base, segments.load())
    base.commit()
    assert visitor.client.get("/api/v1/suppliers", headers=kept).status_code == 200


def test_a_page_for_people_lists_every_parameter(visitor: Visitor) -> None:
    page = visitor.read("/api")
    assert 'href="/api"' in visitor.read("/sources")
    assert all(f"<code>{name}</code>" in page for name in (*parameters.names(), "par_page"))
