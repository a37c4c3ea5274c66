"""« Faites-vous connaître », without JavaScript."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sourcing import registrations
from sourcing.model import Message, Registration, Supplier
from tests.geo_api_server import running
from tests.public_services import FAILURES, Firms, firm
from tests.webapp import invented
from tests.webapp.conftest import Visitor, site
from webapp import protection

SIRET = invented.siret(0)
# Of no supplier of the base.
NEW = invented.siret(900)
FORM = f"/inscription?siret={SIRET}"
GOOD = {
    "siret": SIRET, "name": "Les Jardins du Scorff", "activity": "tonte et taille de haies",
    "segments": ["EV-01"], "zone": "30", "email": "Contact@Exemple.fr", "phone": "02 97 00 00 00",
    "consent": "y",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test types faster than anyone."""
    monkeypatch.setattr(protection, "FASTEST_S", 0)


def send(visitor: Visitor, **changes: str | list[str]) -> str:
    return post(visitor, **changes).text


def post(visitor: Visitor, **changes: str | list[str]) -> TestResponse:
    shown = re.search(r'name="opened"[^>]* value="([^"]+)"', visitor.get(FORM).text)
    opened = shown[1] if shown else ""
    return visitor.send(FORM, to="/inscription", **({"opened": opened} | GOOD | changes))


def letter(base: Session) -> Message:
    """The last one written."""
    return base.scalars(select(Message).order_by(Message.id.desc())).first() or pytest.fail("none")


def waiting(base: Session) -> Sequence[Registration]:
    return base.scalars(select(Registration)).all()


def proof(visitor: Visitor) -> str:
    """The work a browser does."""
    asked = visitor.get("/defi.json").get_json()
    number = next(
        n for n in range(asked["maxnumber"] + 1)
        if hashlib.sha256(f"{asked['salt']}{n}".encode()).hexdigest() == asked["challenge"]
    )  # fmt: skip
    kept = {k: asked[k] for k in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps(kept | {"number": number}).encode()).decode()


def test_a_siret_with_spaces_brings_what_the_register_knows(either: Flask) -> None:
    spaced = f"{SIRET[:3]} {SIRET[3:6]} {SIRET[6:9]} {SIRET[9:]}"
    page = Visitor(either).read(f"/inscription?siret={spaced}")
    assert re.search(r'name="name"[^>]*value="JARDINS', page)
    assert "rue de l’Exemple" in page


def test_the_activity_code_proposes_categories_before_anything_is_said(visitor: Visitor) -> None:
    assert 'name="segments" value="EV-01"' in visitor.read(FORM)


def test_a_wrong_siret_is_explained_beside_the_field(visitor: Visitor) -> None:
    page = visitor.read("/inscription?siret=1234")
    assert 'id="siret-error"' in page
    assert 'value="1234"' in page


def test_a_siret_we_do_not_know_can_still_register(visitor: Visitor) -> None:
    assert "pas encore dans notre base" in visitor.read(f"/inscription?siret={invented.siret(999)}")


def test_a_masked_name_is_not_given_away_by_the_form(visitor: Visitor) -> None:
    known = visitor.get(f"/inscription/registre.json?siret={invented.siret(7)}").json
    assert (known["connu"], known["nom"]) == (True, "")
    assert "rue" not in known["adresse"]


def test_a_complete_form_waits_for_its_code_then_for_a_decision(either: Flask) -> None:
    visitor = Visitor(either)
    assert "Merci, Les Jardins du Scorff" in send(visitor)
    with Session(either.extensions["sourcing"].engine) as base:
        code = re.search(r"une heure : (\d{6})", letter(base).text)
        assert registrations.pending(base) == [] and code
        assert "Ce n’est pas le bon code" in visitor.send("/inscription/merci", code="12").text
        assert (
            "Votre adresse est confirmée" in visitor.send("/inscription/merci", code=code[1]).text
        )
        (waits,) = registrations.pending(base)
    assert waits.answers["email"] == "contact@exemple.fr"
    assert waits.answers["phone"] == "+33297000000"
    assert waits.answers["segments"] == ["EV-01"]
    assert waits.answers["consent"]


def test_a_mail_scanner_that_opens_the_link_confirms_nothing(
    visitor: Visitor, base: Session
) -> None:
    send(visitor)
    path = "/inscription" + letter(base).text.split("/inscription", 1)[1].split()[0]
    scanner = Visitor(visitor.client.application)
    for _ in range(2):
        assert "Confirmer mon adresse" in scanner.read(path)
        scanner.client.head(path)
    assert registrations.pending(base) == []
    scanner.send(path)
    assert len(registrations.pending(base)) == 1
    assert "Ce lien ne vaut plus" in scanner.read(path)


def test_a_link_confirms_only_the_answers_it_was_sent_for(visitor: Visitor, base: Session) -> None:
    send(visitor)
    path = "/inscription" + letter(base).text.split("/inscription", 1)[1].split()[0]
    send(Visitor(visitor.client.application), activity="ce qu’un autre écrit à sa place")
    assert "Ce lien ne vaut plus" in visitor.read(path)


def test_every_optional_answer_is_kept_and_unknown_ones_are_not(
    visitor: Visitor, base: Session
) -> None:
    send(
        visitor, zone="communes", communes="Lanester, Quéven, Atlantis", size="1-9",
        statuses=["siae:EI", "siae:ROI"], **{"proof:siae:EI": "n° 56-12"},
        innovation="tonte à cheval", commitments=["waste", "everything"], materials="paillis",
        references="Ville de Lanester", grouping="both",
    )  # fmt: skip
    kept = waiting(base)[0].answers
    assert kept["communes"] == ["56098", "56185"] and kept["statuses"] == ["siae:EI"]
    assert kept["proofs"] == {"siae:EI": "n° 56-12"} and kept["commitments"] == ["waste"]
    assert (kept["size"], kept["grouping"], kept["materials"]) == ("1-9", "both", "paillis")


def test_health_is_asked_with_its_own_agreement_or_not_kept(
    visitor: Visitor, base: Session
) -> None:
    assert "Cocher aussi cette case" in send(visitor, tih="y")
    send(visitor)
    assert waiting(base)[0].answers["tih_consent"] == ""
    send(visitor, tih="y", tih_consent="y")
    base.expire_all()
    assert waiting(base)[0].answers["tih_consent"]


def test_a_phone_nobody_may_see_is_not_kept(visitor: Visitor, base: Session) -> None:
    send(visitor, consent="")
    kept = waiting(base)[0].answers
    assert (kept["phone"], kept["consent"]) == ("", "")


def test_a_structure_being_created_registers_with_its_commune(
    visitor: Visitor, base: Session
) -> None:
    assert "sans SIRET" in visitor.read("/inscription?creation=1")
    assert "commune où la structure se crée" in send(visitor, siret="", commune="Atlantis")
    assert "Merci" in send(visitor, siret="", commune="lorient")
    assert waiting(base)[0].answers["commune_code"] == "56121"


def test_a_siret_is_found_again_by_name_and_commune(visitor: Visitor, base: Session) -> None:
    known = base.scalars(select(Supplier).where(Supplier.siret == SIRET)).one()
    page = visitor.read(f"/inscription/retrouver?nom={known.name}&commune={known.commune}")
    assert f"siret={SIRET}" in page
    masked = base.scalars(select(Supplier).where(Supplier.diffusion == "P")).one()
    page = visitor.read(f"/inscription/retrouver?nom={masked.name}&commune={masked.commune}")
    assert str(masked.siret) not in page
    assert "n’est pas reconnue" in visitor.read("/inscription/retrouver?nom=x&commune=Atlantis")


def test_categories_come_from_ones_own_words_and_are_confirmed(
    visitor: Visitor, base: Session
) -> None:
    page = send(visitor, segments=[])
    assert 'value="EV-01"' in page
    assert waiting(base) == []
    assert "Merci" in send(visitor, segments=[], proposed="1")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Indiquer le nom"),
        ("activity", "", "Dire en une phrase"),
        ("email", "personne", "n’est pas complète"),
        ("phone", "12", "Téléphone"),
        ("website", "javascript:alert(1)", "seules les adresses http"),
        ("email", "", "où recevoir votre code"),
        ("zone", "partout", "Choisir dans la liste"),
        ("communes", "x" * 500, "400 caractères"),
    ],
)
def test_an_error_is_beside_its_field_and_nothing_typed_is_lost(
    visitor: Visitor, base: Session, field: str, value: str, sentence: str
) -> None:
    page = send(visitor, **{field: value})
    assert sentence in page
    assert f'id="{field}-error"' in page
    assert waiting(base) == []
    if field != "activity":
        assert "tonte et taille de haies" in page


def test_a_robot_that_fills_the_hidden_field_is_thanked_and_forgotten(
    visitor: Visitor, base: Session
) -> None:
    assert "Merci" in send(visitor, surname="Buy now")
    assert waiting(base) == []


def test_a_form_sent_faster_than_anyone_types_is_shown_again(
    visitor: Visitor, base: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protection, "FASTEST_S", 3)
    assert "Relire puis envoyer" in send(visitor)
    assert "Relire puis envoyer" in send(visitor, opened="forged")
    assert waiting(base) == []


def test_work_done_in_the_browser_is_checked_and_serves_once(
    visitor: Visitor, base: Session
) -> None:
    done = proof(visitor)
    assert "Merci" in send(visitor, altcha=done)
    assert waiting(base)[0].proof
    other = invented.siret(1)
    assert "envoyer de nouveau" in send(visitor, altcha=done, siret=other)
    assert "Merci" in send(visitor, altcha=done[:-8] + "AAAA", siret=other), "as without a script"
    assert [each.proof is None for each in waiting(base)] == [False, True]


def test_without_a_script_an_address_sends_less_and_a_mailbox_is_not_bombed(
    visitor: Visitor,
) -> None:
    sent = [
        post(visitor, email=f"a{n}@exemple.fr", siret=invented.siret(n)).status_code
        for n in range(21)
    ]
    assert sent == [200] * 20 + [429]
    same = Visitor(visitor.client.application)
    protection.register(visitor.client.application)
    assert [post(same).status_code for _ in range(7)][-1] == 429


def test_the_access_page_never_tells_who_is_known(visitor: Visitor, base: Session) -> None:
    send(visitor)
    pages = []
    for email in ("contact@exemple.fr", "inconnue@exemple.fr"):
        pages.append(visitor.send("/inscription/acces", email=email).text)
        assert letter(base).recipient == email
    assert re.sub(r"\S+@\S+", "", pages[0]) == re.sub(r"\S+@\S+", "", pages[1])


def test_a_structure_corrects_takes_away_and_erases_its_sheet(
    visitor: Visitor, base: Session
) -> None:
    assert visitor.get("/inscription/ma-fiche").location == "/inscription/acces"
    send(visitor)
    code = re.search(r"une heure : (\d{6})", letter(base).text)
    assert code
    visitor.send("/inscription/merci", code=code[1])
    number = registrations.pending(base)[0].id
    form = visitor.read(f"/inscription?modifier={number}")
    assert "tonte et taille de haies" in form
    assert "corrections sont enregistrées" in send(visitor, activity="tonte, taille et élagage")
    base.expire_all()
    (kept,) = registrations.pending(base)
    assert kept.answers["activity"] == "tonte, taille et élagage", "no second code is asked"
    taken = visitor.get("/inscription/ma-fiche.json").get_json()
    assert taken["inscriptions"][0]["reponses"]["phone"] == "+33297000000"
    visitor.send("/inscription/ma-fiche", to="/inscription/ma-fiche/effacer", sure="1")
    base.expire_all()
    assert waiting(base) == [] and visitor.get("/inscription/ma-fiche").status_code == 302


def test_nothing_personal_is_logged(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    send(visitor)
    visitor.send("/inscription/acces", email="contact@exemple.fr")
    assert "exemple.fr" not in caplog.text and "97 00" not in caplog.text


def test_a_form_from_elsewhere_is_refused(visitor: Visitor, base: Session) -> None:
    answer = visitor.client.post("/inscription", data=GOOD)
    assert answer.status_code == 400
    assert "Formulaire expiré" in answer.text
    assert waiting(base) == []


def test_a_form_too_long_to_be_honest_is_refused(visitor: Visitor) -> None:
    assert visitor.client.post("/inscription", data={"activity": "x" * 80_000}).status_code == 413


@pytest.fixture
def firms() -> Iterator[Firms]:
    with running(Firms()) as server:
        yield server


def asking(app: Flask, folder: Path, firms: Firms) -> Visitor:
    """A visitor of the same base, whose site asks this directory."""
    engine = app.extensions["sourcing"].engine
    return Visitor(site(engine, folder, recherche_entreprises_url=firms.url))


def test_a_siret_the_base_does_not_know_is_asked_of_the_public_directory(
    app: Flask, tmp_path: Path, firms: Firms
) -> None:
    firms.firms = (firm(NEW),)
    page = asking(app, tmp_path, firms).read(f"/inscription?siret={NEW}")
    assert 'value="LES JARDINS INVENTES"' in page
    assert "12 RUE DES ORMEAUX, 56100 LORIENT" in page
    assert "Annuaire des entreprises, lu à l’instant" in page
    assert 'value="EV-01"' in page


def test_what_a_person_asked_to_hide_stays_hidden_in_the_form(
    app: Flask, tmp_path: Path, firms: Firms
) -> None:
    firms.firms = (firm(NEW, statut_diffusion="P", nature_juridique="1000",
                        nom_complet="NOM TROP BAVARD"),)  # fmt: skip
    page = asking(app, tmp_path, firms).read(f"/inscription?siret={NEW}")
    assert "BAVARD" not in page and "ORMEAUX" not in page


@pytest.mark.parametrize("failure", ["limited", "down", "web page", "nonsense"])
def test_a_directory_that_fails_never_stops_the_form(
    app: Flask, tmp_path: Path, firms: Firms, failure: str
) -> None:
    firms.on("/search", FAILURES[failure])
    page = asking(app, tmp_path, firms).read(f"/inscription?siret={NEW}")
    assert "n’est pas encore dans notre base" in page and 'name="activity"' in page


def test_the_directory_is_not_asked_for_what_the_base_knows_nor_when_switched_off(
    app: Flask, tmp_path: Path, firms: Firms, visitor: Visitor
) -> None:
    asking(app, tmp_path, firms).read(f"/inscription?siret={invented.siret(0)}")
    visitor.read(f"/inscription?siret={NEW}")
    assert firms.seen == []


def test_the_form_and_all_it_needs_weigh_less_than_sixty_kilobytes(visitor: Visitor) -> None:
    ask = {"Accept-Encoding": "gzip"}
    page = visitor.client.get(FORM, headers=ask)
    text = gzip.decompress(page.data).decode()
    wanted = set(re.findall(r'(?:href|src)="(/statique/[^"#]+)', text))
    wanted |= {address.replace("registration.js", "marks.js") for address in wanted}
    sizes = [len(visitor.client.get(address, headers=ask).data) for address in wanted]
    assert len(page.data) + sum(sizes) < 60_000, "with the font, on a first visit"

    assert "évasion" not in visitor.read(f"{FORM}&via=évasion"), "nothing typed stands beside it"
