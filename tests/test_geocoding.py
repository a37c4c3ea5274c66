"""Addresses are placed once, by batches, never those of a masked unit."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import geocoding
from sourcing.fetch import Fetcher, FetchError
from sourcing.model import Geocode, Stale, Supplier
from tests.awarded import supplier
from tests.geo_api_server import Answer, as_json, running
from tests.public_services import LIMITED, LOOP, PAGE, Geocoder
from tests.sirene_base import know_territory

CENTRE = (-3.3664, 47.7486)
HERE = (-3.37, 47.75, 0.92, "housenumber")


@pytest.fixture
def server() -> Iterator[Geocoder]:
    with running(Geocoder(ORMEAUX=HERE)) as server:
        yield server


@pytest.fixture
def base(session: Session) -> Session:
    know_territory(session)
    return session


def known(session: Session, number: int, **values: object) -> Supplier:
    usual = {"address": f"{number} RUE DES ORMEAUX", "postcode": "56100", "commune_code": "56121",
             "commune": "Lorient", "lon": CENTRE[0], "lat": CENTRE[1], "precision": "commune",
             "diffusion": "O", "state": "A"}  # fmt: skip
    one = supplier(number, **usual | values)
    session.add(one)
    session.flush()
    return one


def service(server: Geocoder) -> Fetcher:
    return Fetcher(server.url, retries=1, backoff_s=0.01, read_timeout_s=2.0, longest_wait_s=1.0)


def geocode(session: Session, server: Geocoder) -> int:
    while geocoding.ask(session, service(server))[0]:
        session.commit()
    placed = geocoding.place(session)
    session.expire_all()
    return placed


def test_an_address_is_placed_and_its_supplier_is_to_tag(base: Session, server: Geocoder) -> None:
    one = known(base, 1)
    assert geocode(base, server) == 1
    assert (one.lon, one.lat, one.precision) == (-3.37, 47.75, "exact")
    assert list(base.scalars(select(Stale.supplier_id))) == [one.id]


def test_the_batch_says_what_its_columns_are(base: Session, server: Geocoder) -> None:
    known(base, 1, address='3 RUE DU "PORT", BAT. B')
    geocode(base, server)
    assert server.lines == [{"number": "0", "address": '3 RUE DU "PORT", BAT. B',
                             "postcode": "56100", "citycode": "56121"}]  # fmt: skip
    for column in (b'name="columns"', b'name="citycode"', b'name="postcode"'):
        assert column in server.seen[0].body


def test_what_is_masked_closed_or_placed_already_is_never_sent(
    base: Session, server: Geocoder
) -> None:
    known(base, 1, diffusion="P")
    known(base, 2, address="[ND] RUE DES ORMEAUX")
    known(base, 3, precision="exact")
    known(base, 4, precision="street")
    known(base, 5, address="")
    known(base, 6, state="F")
    assert geocode(base, server) == 0
    assert server.seen == []


def test_one_address_is_asked_once_whoever_has_it_and_whenever(
    base: Session, server: Geocoder
) -> None:
    for number in (1, 2):
        known(base, number, address="5 RUE DES ORMEAUX")
    assert geocode(base, server) == 2
    base.query(Supplier).update({"precision": "commune", "lon": CENTRE[0], "lat": CENTRE[1]})
    assert geocode(base, server) == 2
    assert len(server.lines) == 1


@pytest.mark.parametrize(
    ("score", "kind", "precision"),
    [(0.92, "housenumber", "exact"), (0.7, "street", "street"), (0.9, "locality", "street"),
     (0.6, "housenumber", "approximate"), (0.34, "housenumber", ""), (0.95, "municipality", "")],
)  # fmt: skip
def test_the_score_and_the_type_say_how_well_it_is_placed(
    score: float, kind: str, precision: str
) -> None:
    assert geocoding.precision_of(kind, score) == precision


def test_a_position_in_another_commune_is_not_believed(base: Session, server: Geocoder) -> None:
    server.known = {"ORMEAUX": (2.35, 48.85, 0.99, "housenumber")}
    one = known(base, 1)
    assert geocode(base, server) == 0
    assert one.precision == "commune"


def test_an_address_nobody_knows_is_not_asked_again(base: Session, server: Geocoder) -> None:
    known(base, 1, address="LIEU DIT INCONNU")
    assert geocode(base, server) == geocode(base, server) == 0
    assert len(server.lines) == 1


def test_a_batch_that_fails_loses_only_itself(
    base: Session, server: Geocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geocoding, "BATCH", 1)
    for number in (1, 2, 3):
        known(base, number)
    for _ in range(2):
        geocoding.ask(base, service(server))
    base.commit()
    server.on("/search/csv", Answer(status=503))
    with pytest.raises(FetchError, match="est en panne"):
        geocoding.ask(base, service(server))
    assert geocoding.left(base) == 1
    server.on("/search/csv")
    assert geocode(base, server) == 3
    # The failed one was sent twice; nothing else was sent again.
    assert len(server.lines) == 3 + 2


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [(LIMITED, "limite le nombre de demandes"), (Answer(status=500), "est en panne"),
     (PAGE, "une page web au lieu"), (LOOP, "renvoie en boucle"),
     (Answer(b"number,address\n0,RUE"), "réponse incomplète"),
     (as_json({"code": 400}), "réponse incomplète"),
     (Answer(b"number,address,result_score\n0," + b"x" * 500, cut=40), "a coupé"),
     (Answer(b"", delay_s=1.0), "ne répond pas à temps")],
)  # fmt: skip
def test_a_service_that_fails_is_one_sentence_and_nothing_is_kept(
    base: Session, server: Geocoder, answer: Answer, sentence: str
) -> None:
    if sentence == "renvoie en boucle":
        server.on("/search", answer)
    server.on("/search/csv", answer)
    known(base, 1)
    asked = service(server)
    if answer.delay_s:
        asked.read_timeout_s = 0.1
    with pytest.raises(FetchError, match=sentence):
        geocoding.ask(base, asked)
    assert base.scalars(select(Geocode)).all() == []


def test_the_day_of_the_answer_is_kept(base: Session, server: Geocoder) -> None:
    known(base, 1)
    geocode(base, server)
    assert isinstance(base.scalars(select(Geocode.asked_on)).one(), date)
