"""Partial diffusion takes effect with the file that says it, before anything is tagged again."""

import io
from datetime import date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from connectors.sirene import SOURCE
from sourcing import db, linking, people, search, segments
from sourcing.export import hits as export
from sourcing.ingest import ingest
from sourcing.masking import mask_lines
from sourcing.model import Mention, Run
from sourcing.search import shelf
from sourcing.settings import Settings
from sourcing.source import Record
from sourcing.tagging import tag_stale
from tests.sirene_base import know_territory, supplier
from tests.sirene_files import establishment, legal_unit, siret, stock
from webapp import create_app

NOMENCLATURE = segments.load()
NAME, STREET, PHONE = "EXEMPLIER", "DES FOUGERES", "+33297000001"
SECRETS = (NAME, "Exemplier", STREET, "Fougères", PHONE, "02 97", "camille@")
PERSON = {"categorieJuridique": "1000", "denomination": "", "nom": NAME, "prenomUsuel": "CAMILLE"}


def month(session: Session, folder: Path, **masks: str) -> None:
    """A whole stock of two units; `masks` are the first one's columns."""
    hidden = {"nom": "[ND]", "prenomUsuel": "[ND]", "statutDiffusion": "P"} if masks else {}
    rows = [
        establishment(1, **{"libelleVoie": STREET} | masks),
        establishment(2, libelleVoie="DU PORT"),
    ]
    units = [legal_unit(1, **PERSON | hidden), legal_unit(2)]
    run = ingest(session, SOURCE, stock(folder, rows, units), complete=True)
    assert run.outcome == "done", run.message


def list_line(session: Session) -> Mention:
    run = Run(source="esat_gesat", files=[], started_at=datetime(2026, 9, 1), leftover=[])
    session.add(run)
    session.flush()
    line = Mention(
        source="esat_gesat", key="1", run_id=run.id, file="l.csv", line=2, name="Camille Exemplier",
        siret=siret(1), siren=siret(1)[:9], address="3 rue des Fougères", phone=PHONE,
        email="camille@exemple.fr", description="Camille Exemplier tond", commune_code="56121",
        lon=-3.3664, lat=47.7486, precision="exact", website="https://camille.exemple.fr",
        first_seen=date.today(), last_seen=date.today(), statuses=["handicap:ESAT"], sectors=[],
        problems=[], commune="Lorient",
    )  # fmt: skip
    session.add(line)
    session.flush()
    return line


def listed(session: Session) -> Mention:
    """A list's line in a territory that has a buyer."""
    know_territory(session)
    people.save(session, "n@exemple.fr", "un long mot de passe", "buyer")
    return list_line(session)


def everything_told(session: Session, client: FlaskClient) -> str:
    """Exports with contacts, index words, the list, the map, the API, the sheet, `match`."""
    wide = search.Query(territory_only=False, with_noise=True)
    told = []
    for write in (export.csv, export.json, export.geojson):
        out = io.BytesIO()
        write(search.all_hits(session, NOMENCLATURE, wide), out)
        told.append(out.getvalue().decode())
    told += [word for word, _ in db.text_words(session)]
    told += [shelf.columns(session).names.at(place) for place in range(2)]
    match = linking.match(session, [Record(name="X", siret=siret(1))])
    told += [f"{found.supplier_name}" for found in match]
    session.commit()
    for page in ("/?masques=1", f"/fournisseurs/{siret(1)}", f"/api/v1/suppliers/{siret(1)}",
                 "/fournisseurs.csv", "/api/v1/suppliers?q=exemplier"):  # fmt: skip
        told.append(client.get(page).text)
    return "\n".join(told)


def secrets_told(session: Session, client: FlaskClient) -> list[str]:
    told = everything_told(session, client)
    return [secret for secret in SECRETS if secret in told]


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> FlaskClient:
    shelf.forget()
    app = create_app(Settings(data_dir=tmp_path, secret_key="x"), engine, NOMENCLATURE, {})
    return app.test_client()


def test_a_unit_that_asks_for_it_is_masked_at_once_everywhere(
    session: Session, client: FlaskClient, tmp_path: Path
) -> None:
    line = listed(session)
    month(session, tmp_path)
    linking.link(session)
    tag_stale(session, NOMENCLATURE)
    session.commit()
    assert NAME in everything_told(session, client)
    month(session, tmp_path, statutDiffusion="P", libelleVoie="[ND]", numeroVoie="[ND]",
          typeVoie="[ND]", codePostal="[ND]")  # fmt: skip
    session.commit()
    masked = supplier(session, 1)
    assert masked.diffusion == "P"
    assert secrets_told(session, client) == []
    session.refresh(line)
    assert (line.name, line.address, line.phone, line.lon) == ("[Non diffusible]", "", "", None)
    linking.link(session)
    tag_stale(session, NOMENCLATURE)
    session.commit()
    assert secrets_told(session, client) == []
    session.refresh(line)
    assert line.supplier_id == masked.id


def test_a_line_linked_by_its_name_alone_does_not_name_again_whom_it_named(
    session: Session, client: FlaskClient, tmp_path: Path
) -> None:
    line = listed(session)
    published = {"siret": "", "siren": "", "postcode": "56100", "name": line.name,
                 "address": line.address, "phone": PHONE, "email": line.email}  # fmt: skip
    session.execute(update(Mention).values(**published))
    month(session, tmp_path)
    linking.link(session)
    session.refresh(line)
    masked = supplier(session, 1)
    assert line.supplier_id == masked.id
    month(session, tmp_path, statutDiffusion="P", libelleVoie="[ND]", codePostal="[ND]")
    # Nor when its list is read again, as it was published.
    session.execute(update(Mention).values(**published, supplier_id=None))
    mask_lines(session, line.run_id)
    linking.link(session)
    tag_stale(session, NOMENCLATURE)
    session.commit()
    assert secrets_told(session, client) == []
    session.refresh(line)
    assert (line.name, line.phone, line.supplier_id) == ("[Non diffusible]", "", masked.id)


def test_a_list_of_firms_is_masked_by_the_siren_of_the_person(
    session: Session, tmp_path: Path
) -> None:
    know_territory(session)
    line = list_line(session)
    line.siret, line.level, line.firm = "", "siren", line.siren
    session.flush()
    month(session, tmp_path, statutDiffusion="P", libelleVoie="[ND]")
    session.refresh(line)
    assert (line.name, line.phone, line.description) == ("[Non diffusible]", "", "")


def test_a_list_read_later_does_not_bring_it_back(session: Session, tmp_path: Path) -> None:
    know_territory(session)
    month(session, tmp_path, statutDiffusion="P", libelleVoie="[ND]")
    line = list_line(session)
    mask_lines(session, line.run_id)
    session.refresh(line)
    said = session.execute(select(Mention.name, Mention.email, Mention.description)).one()
    assert tuple(said) == ("[Non diffusible]", "", "")
    assert session.scalar(text("SELECT count(*) FROM mention WHERE address <> ''")) == 0
