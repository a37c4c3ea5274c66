"""The search page without JavaScript, and its exports."""

import csv
import io
import json
import re
from pathlib import Path

from flask import Flask
from openpyxl import load_workbook

from tests.geo_api_server import Answer, LocalServer, as_json, running
from tests.webapp import invented
from tests.webapp.conftest import Visitor, site
from webapp.context import KEY


def hits(page: str) -> list[str]:
    """The names of the list, in order."""
    return re.findall(r'<h2><a href="/fournisseurs/\d+">(.*?)</a></h2>', page)


def test_the_site_opens_on_the_search_and_keeps_its_query(visitor: Visitor) -> None:
    assert visitor.get("/?q=jardins").location == "/fournisseurs?q=jardins"


def test_words_find_suppliers_and_say_why(either: Flask) -> None:
    page = Visitor(either).read("/fournisseurs?q=entretien+espaces+verts")
    assert hits(page)
    assert all("JARDINS" in name for name in hits(page)[:5])
    assert "Trouvé par" in page
    assert "Compris comme" in page


def test_a_status_narrows_the_list_to_its_count(either: Flask) -> None:
    visitor = Visitor(either)
    count = re.search(r'value="siae".*?class="n">(\d+)', visitor.read("/fournisseurs"), re.S)
    assert count is not None
    page = visitor.read("/fournisseurs?statut=siae")
    assert f"{count[1]}\u00a0fournisseurs" in page
    assert len(hits(page)) == int(count[1])


def test_a_chip_takes_its_filter_away_and_nothing_else(visitor: Visitor) -> None:
    page = visitor.read("/fournisseurs?q=jardins&statut=ess&commune=56121")
    chips = re.findall(r'class="chip" href="([^"]+)"', page)
    assert chips == ["/fournisseurs?q=jardins&commune=56121", "/fournisseurs?q=jardins&statut=ess"]


def test_a_radius_goes_with_its_place(visitor: Visitor) -> None:
    page = visitor.read("/fournisseurs?autour=Lorient&rayon=5")
    assert "À moins de 5 km de Lorient" in page
    assert re.findall(r'class="chip" href="([^"]+)"', page) == ["/fournisseurs"]


def test_an_unknown_place_is_said(visitor: Visitor) -> None:
    page = visitor.read("/fournisseurs?autour=Atlantide&statut=esat")
    assert "Lieu inconnu" in page
    # Nothing is measured from there, so nothing says it is.
    assert "istances depuis" not in page
    assert re.findall(r'class="chip" href="([^"]+)"', page) == ["/fournisseurs?autour=Atlantide"]


def test_a_typed_address_is_placed_and_a_failing_service_leaves_its_commune(
    app: Flask, tmp_path: Path
) -> None:
    spot = {"geometry": {"coordinates": [-3.3612, 47.7478]},
            "properties": {"label": "3 Quai des Indes 56100 Lorient", "score": 0.94}}  # fmt: skip
    with running(LocalServer()) as service:
        service.on("/search", as_json({"features": [spot]}), Answer(status=503))
        visitor = Visitor(site(app.extensions[KEY].engine, tmp_path, geocoding_url=service.url))
        placed = visitor.get("/fournisseurs?autour=3+quai+des+indes+lorient&rayon=5").location
        assert "%4047.7478%2C-3.3612" in placed
        page = visitor.read(placed)
        assert "À moins de 5 km de 3 Quai des Indes 56100 Lorient" in page
        assert 'value="3 Quai des Indes 56100 Lorient"' in page
        assert visitor.get("/fournisseurs?autour=Lorient").status_code == 200
        assert [seen.query["q"] for seen in service.seen] == ["3 quai des indes lorient"]
        # A second address: the service fails, the commune it ends with is measured from.
        page = visitor.read("/fournisseurs?autour=9+rue+du+Port,+56100+Lorient&rayon=5")
        assert "à moins de 5 km de Lorient" in page


def test_the_tab_says_what_is_searched(visitor: Visitor) -> None:
    assert "<title>jardins – " in visitor.read("/fournisseurs?q=jardins")


def test_a_hostile_name_is_only_text(visitor: Visitor) -> None:
    page = visitor.get("/fournisseurs?q=img").text
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


def test_nothing_found_says_which_filter_to_drop(visitor: Visitor) -> None:
    page = visitor.read("/fournisseurs?commune=56121&statut=mission")
    assert "Aucun fournisseur ne répond" in page
    assert "sans filtre de statut" in page


def test_pages_follow_each_other_without_repeating(visitor: Visitor) -> None:
    first, second = (visitor.read(f"/fournisseurs?tri=nom&page={page}") for page in (1, 2))
    addresses = [set(re.findall(r'id="f-(\d+)"', page)) for page in (first, second)]
    assert not addresses[0] & addresses[1]
    assert 'start="26"' in second


def test_closed_establishments_are_left_out_until_asked_for(visitor: Visitor) -> None:
    closed = f'id="f-{invented.siret(5)}"'
    query = "/fournisseurs?tri=nom&q=" + invented.siret(5)[:9]
    assert closed in visitor.read(query)
    pages = "".join(visitor.read(f"/fournisseurs?page={page}") for page in (1, 2, 3))
    assert closed not in pages


def test_the_csv_holds_every_hit_and_opens_in_excel(either: Flask) -> None:
    data = Visitor(either).get("/fournisseurs.csv?statut=siae").data
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert rows
    assert all("Insertion" in row["Statuts"] for row in rows)


def test_the_workbook_says_where_its_lines_come_from(visitor: Visitor) -> None:
    answer = visitor.get("/fournisseurs.xlsx?q=jardins")
    book = load_workbook(io.BytesIO(answer.data))
    about = [str(cell.value) for row in book.worksheets[1].iter_rows() for cell in row]
    assert any("fictifs" in text for text in about)
    assert any("Répertoire Sirene – Insee" in text for text in about)


def test_contacts_are_exported_for_signed_in_buyers_only(visitor: Visitor) -> None:
    assert "Courriel" not in visitor.get("/fournisseurs.csv").text
    visitor.sign_in(*invented.BUYER)
    assert "Courriel" in visitor.get("/fournisseurs.csv").text


def test_the_geojson_is_one(visitor: Visitor) -> None:
    collection = json.loads(visitor.get("/fournisseurs.geojson?statut=esat").data)
    assert collection["type"] == "FeatureCollection"
    assert collection["features"]


def test_the_map_in_one_file_holds_the_search_and_asks_nothing_of_the_network(
    visitor: Visitor,
) -> None:
    answer = visitor.get("/fournisseurs.html?statut=esat")
    assert "attachment" in answer.headers["Content-Disposition"]
    data = json.loads(re.findall(r'id="donnees">(.*?)</script>', answer.text, re.DOTALL)[0])
    assert data["suppliers"]["name"]
    assert all("contact@exemple.fr" not in text for text in (answer.text, str(data)))
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", answer.text)


def test_there_is_no_export_of_another_kind(visitor: Visitor) -> None:
    assert visitor.get("/fournisseurs.exe").status_code == 404


def test_a_search_is_printed_from_its_export_menu(visitor: Visitor) -> None:
    page = visitor.read("/fournisseurs?q=jardins")
    assert 'href="/feuille/a3.pdf?q=jardins"' in page
    answer = visitor.get("/feuille/a3.pdf?q=jardins")
    assert (answer.mimetype, answer.data[:4]) == ("application/pdf", b"%PDF")
    assert visitor.get("/feuille/a9.pdf").status_code == 404
