"""Positions of addresses by the Géoplateforme: suppliers' public ones, kept, and a typed one.

Only suppliers in public diffusion whose address is known and whose position is not: a masked unit
is never sent, nor placed more precisely than its commune.
"""

import csv
import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, exists, func, insert, select, update
from sqlalchemy.orm import Session

from sourcing import db, stale
from sourcing.fetch import Fetcher, FetchError
from sourcing.model import PARTIAL, Geocode, Supplier
from sourcing.places import Places, distance_km

# The service takes 200,000 lines or 50 MB at once; smaller batches lose less when one fails.
BATCH = 5_000
REQUESTS_PER_SECOND = 50.0
READ_S = 180.0
# Below the first the answer is somebody else's address; from the second on it is trusted.
SHOWN, TRUSTED = 0.5, 0.7
# Where a type of answer is, when it is trusted; other types are no address.
PRECISIONS = {"housenumber": "exact", "street": "street", "locality": "street"}
APPROXIMATE = "approximate"
# A position this far from its commune's centre is another commune's.
FAR_KM = 30.0
SENT = ("number", "address", "postcode", "citycode")
# Someone waits for an address she typed: short times, and none for a while after a failure.
CONNECT_S, TYPED_READ_S, REST_S = 1.5, 2.5, 60.0
LONGEST_TYPED, MOST_KEPT = 200, 1_000
# Positions better than what an address can give, or as good.
PLACED = ("exact", "street", APPROXIMATE)


def fetcher(url: str) -> Fetcher:
    """How the service at this address is asked: a batch takes it a while, a refresh waits."""
    return Fetcher(url, read_timeout_s=READ_S, retries=2, requests_per_second=REQUESTS_PER_SECOND)


def left(session: Session) -> int:
    """How many addresses have not been asked for yet."""
    return session.scalar(select(func.count()).select_from(_unasked().subquery())) or 0


def ask(session: Session, service: Fetcher) -> tuple[int, int]:
    """Ask for the next batch of addresses; (asked, found). (0, 0) when none is left.

    The caller commits each batch: stopped anywhere, the next run goes on.
    """
    batch = [tuple(row) for row in session.execute(_unasked().limit(BATCH))]
    if not batch:
        return 0, 0
    answers = list(_answers(batch, service.upload("search/csv", *_sent(batch))))
    session.execute(insert(Geocode), answers)
    session.flush()
    return len(batch), sum(answer["score"] >= SHOWN for answer in answers)


def place(session: Session) -> int:
    """Give their position to the suppliers whose address is known; how many moved.

    Without network: run again after the register has been read again.
    """
    places = Places.read(session)
    moved = []
    for row in session.execute(_known()):
        precision = precision_of(row.kind, row.score)
        centre = places.resolve(row.commune_code)
        if precision and not _is_elsewhere(centre, row.lon, row.lat):
            moved.append({"id": row.id, "lon": row.lon, "lat": row.lat, "precision": precision})
    for batch in db.chunks(moved, db.CHUNK):
        session.execute(update(Supplier), batch)
    stale.mark(session, (each["id"] for each in moved))
    return len(moved)


def precision_of(kind: str, score: float) -> str:
    """exact, street, approximate, or '' when the answer is no better than the commune."""
    precision = PRECISIONS.get(kind, "")
    if score < SHOWN or not precision:
        return ""
    return precision if score >= TRUSTED else APPROXIMATE


def _is_elsewhere(centre: Any, lon: float, lat: float) -> bool:
    if centre is None or centre.lon is None or centre.lat is None:
        return False
    return distance_km(lon, lat, centre.lon, centre.lat) > FAR_KM


# --- which addresses ---


def _public() -> tuple[Any, ...]:
    """Addresses that may be sent, of suppliers no better placed than their commune."""
    return (
        Supplier.diffusion != PARTIAL,
        Supplier.precision.not_in(PLACED),
        Supplier.address != "",
        Supplier.address.not_like("%[%"),
        Supplier.commune_code != "",
        Supplier.state == "A",
        Supplier.merged_into.is_(None),
    )


def _unasked() -> Select[*tuple[Any, ...]]:
    address = (Supplier.address, Supplier.postcode, Supplier.commune_code)
    known = exists().where(
        Geocode.address == Supplier.address, Geocode.postcode == Supplier.postcode,
        Geocode.commune_code == Supplier.commune_code,
    )  # fmt: skip
    return select(*address).where(*_public(), ~known).distinct().order_by(*address)


def _known() -> Select[*tuple[Any, ...]]:
    return (
        select(Supplier.id, Supplier.commune_code, Geocode.lon, Geocode.lat, Geocode.score,
               Geocode.kind)
        .join(Geocode, (Geocode.address == Supplier.address)
              & (Geocode.postcode == Supplier.postcode)
              & (Geocode.commune_code == Supplier.commune_code))
        .where(*_public(), Geocode.score >= SHOWN)
        .order_by(Supplier.id)
    )  # fmt: skip


# --- what is sent, and what comes back ---


def _sent(batch: Sequence[tuple[str, ...]]) -> tuple[bytes, Mapping[str, str]]:
    """The batch as CSV, and what its columns are."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SENT)
    writer.writerows((number, *row) for number, row in enumerate(batch))
    columns = {"columns": "address", "postcode": "postcode", "citycode": "citycode"}
    return text.getvalue().encode(), columns


def _answers(batch: Sequence[tuple[str, ...]], body: str) -> Iterator[dict[str, Any]]:
    """One answer per address, in the batch's order; FetchError when some are missing."""
    rows = {row.get("number"): row for row in csv.DictReader(io.StringIO(body))}
    today = datetime.now(UTC).date()
    for number, (address, postcode, commune_code) in enumerate(batch):
        row = rows.get(str(number))
        if row is None or "result_score" not in row:
            raise FetchError(
                "Le géocodage a rendu une réponse incomplète : relancer « sourcing geocode », "
                "ce qui est déjà placé est gardé."
            )
        lon, lat = _number(row.get("longitude")), _number(row.get("latitude"))
        score = _number(row.get("result_score")) or 0.0
        yield {
            "address": address, "postcode": postcode, "commune_code": commune_code,
            "lon": lon, "lat": lat, "kind": row.get("result_type") or "",
            "score": score if lon is not None and lat is not None else 0.0, "asked_on": today,
        }  # fmt: skip


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


# --- one address, as someone types it ---


class Spot(NamedTuple):
    """Where an address is, in the service's words."""

    label: str
    lon: float
    lat: float


@dataclass(slots=True)
class Addresses:
    """Asks where a typed address is; what was found is remembered while the site runs."""

    fetcher: Fetcher
    _rests_until: float = field(default=0.0)
    _known: dict[str, Spot | None] = field(default_factory=dict)

    def find(self, text: str, around: tuple[float, float] | None) -> Spot | None:
        """The address, the likeliest near this (lon, lat); None when unknown or nobody answers."""
        if len(text) > LONGEST_TYPED or not re.match(r"[^\W_].*\w\w", text):
            return None
        if text not in self._known:
            if time.monotonic() < self._rests_until:
                return None
            try:
                answer = self.fetcher.json("search", _question(text, around))
            except FetchError:
                self._rests_until = time.monotonic() + REST_S
                return None
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[text] = _spot(answer)
        return self._known[text]


def addresses(url: str) -> Addresses:
    """Typed addresses, asked of the service at this address."""
    return Addresses(
        Fetcher(
            url, connect_timeout_s=CONNECT_S, read_timeout_s=TYPED_READ_S, retries=0,
            longest_wait_s=0.0, requests_per_second=REQUESTS_PER_SECOND,
        )
    )  # fmt: skip


def _question(text: str, around: tuple[float, float] | None) -> dict[str, str]:
    here = {"lon": f"{around[0]:.3f}", "lat": f"{around[1]:.3f}"} if around else {}
    return {"q": text, "limit": "1"} | here


def _spot(answer: Any) -> Spot | None:
    """The first of a collection of features, when it is that address and not somebody else's."""
    try:
        (feature, *_) = answer["features"]
        lon, lat = feature["geometry"]["coordinates"]
        said = feature["properties"]
        spot = Spot(str(said["label"]), round(float(lon), 5), round(float(lat), 5))
        return spot if float(said["score"]) >= SHOWN else None
    except (KeyError, TypeError, ValueError):
        return None
