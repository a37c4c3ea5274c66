"""What the API says of searches, suppliers, segments and communes; contacts are never in it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from sourcing import provenance, suppliers
from sourcing.export import hits as export
from sourcing.model import MASKED, PARTIAL, Listing, Mention, Place, Setting, Supplier
from sourcing.search import Hit, Page
from sourcing.segments import Segment
from sourcing.segments.classify import Guess
from sourcing.stale import VERSION
from sourcing.tagging.statuses import NOISE, SIZES, STATUSES, Status, list_name
from sourcing.tagging.told import Told, told
from webapp.context import every_source, is_demo, session, site
from webapp.filters import web
from webapp.supplier import shown_address, shown_name, shown_position

Answer = dict[str, Any]
REGISTER = "sirene"
NOTICE = (
    "Repérage de fournisseurs possibles, sans classement de valeur. Les coordonnées ne sont pas "
    "diffusées. Les unités à diffusion partielle n’ont ni nom de personne ni adresse."
)
# Sub-segments proposed for a need.
GUESSES = 10


def data_version() -> str:
    """Which state of the tags the answers come from; '' before the first."""
    return session().scalar(select(Setting.value).where(Setting.key == VERSION)) or ""


def meta(**more: Any) -> Answer:
    """What every answer says of itself: the day of the data, the sources and their licences."""
    runs = provenance.last_runs(session())
    known = every_source()
    return more | {
        "data_version": data_version(),
        "is_demo": is_demo(),
        "organisation": site().settings.organisation,
        "notice": NOTICE,
        "sources": [
            {
                "name": name,
                "title": known[name].title,
                "publisher": known[name].publisher,
                "licence": known[name].licence,
                "url": known[name].url,
                "updated_on": run.started_at.date().isoformat(),
            }
            for name, run in runs.items()
            if name in known
        ],
    }


def search_meta(page: Page) -> Answer:
    """What a page of a search counts and understood, besides."""
    return meta(
        total=page.total,
        page=page.query.page,
        pages=page.pages,
        par_page=page.query.per_page,
        sentence=page.sentence,
        hidden=page.hidden,
        outside=page.outside,
        guesses=[guess(each) for each in page.guesses],
    )


def guess(found: Guess) -> Answer:
    """A sub-segment proposed for a need, with the words that decided."""
    return {
        "code": found.code,
        "label": found.label,
        "score": found.score,
        "words": list(found.words),
    }


def listed(hit: Hit) -> Answer:
    """A supplier as one of a list; the same words as the JSON export."""
    return export.properties(hit) | {"lon": hit.lon, "lat": hit.lat}


def segment(each: Segment) -> Answer:
    """A sub-segment of the nomenclature."""
    return {
        "code": each.code,
        "label": each.label,
        "family_code": each.family_code,
        "family": each.family,
        "keywords": list(each.keywords),
        "naf": list(each.naf),
        "cpv": list(each.cpv),
        "reservable": list(each.reservable),
        "nature": each.nature,
        "agec": each.agec,
        "extends": list(each.extends),
    }


def guessed(need: str) -> list[Answer]:
    """The likeliest sub-segments of a need, best first, with score and words."""
    nomenclature = site().nomenclature
    return [
        segment(nomenclature.by_code[found.code]) | guess(found)
        for found in nomenclature.classify(need, GUESSES)
    ]


def communes() -> list[Answer]:
    """The communes of the territory."""
    places = session().scalars(select(Place).where(Place.in_territory).order_by(Place.code))
    return [
        {
            "code": place.code,
            "name": place.name,
            "postcodes": place.postcodes.split(),
            "departement": place.departement,
            "population": place.population,
            "lon": place.lon,
            "lat": place.lat,
        }
        for place in places
    ]


# --- one supplier ---


def supplier(uid: str) -> Answer | None:
    """Everything that may be said of one supplier, each claim with its reason; None if unknown."""
    found = suppliers.find(session(), uid)
    if found is None:
        return None
    tags = told(session(), [found.id])[found.id]
    said = suppliers.mentions(session(), found)
    seen = _last_seen(found, said)
    lon, lat = shown_position(found)
    return _identity(found) | {
        "position": {
            "lon": lon,
            "lat": lat,
            "precision": "" if lon is None else found.precision,
        },
        "statuses": _statuses(tags, seen, is_label=False),
        "labels": _statuses(tags, seen, is_label=True),
        "segments": _segments(tags, seen),
        "noise": [_claim(tag, seen, NOISE.get(tag.value)) for tag in tags if tag.kind == "noise"],
        "sources": _sources(found, said),
    }


def _identity(found: Supplier) -> Answer:
    """Who and where it is: a unit of partial diffusion has no address, and a person no name."""
    is_partial, is_nameless = found.diffusion == PARTIAL, _is_nameless(found)
    listing = session().get(Listing, found.id)
    return {
        "uid": found.uid,
        "siret": found.siret or "",
        "siren": found.siren,
        "name": shown_name(found),
        "legal_name": "" if is_nameless else found.legal_name,
        "other_names": "" if is_nameless else found.other_names,
        "state": found.state,
        "address": "" if is_partial else found.address,
        "postcode": "" if is_partial else found.postcode,
        "commune": found.commune,
        "commune_code": found.commune_code,
        "shown_address": shown_address(found),
        "naf": found.naf,
        "size": SIZES[listing.size].label if listing else "",
        "website": "" if is_nameless else web(found.website),
        "is_partial": is_partial,
        "is_head_office": found.is_head_office,
        "created_on": _day(found.created_on),
        "closed_on": _day(found.closed_on),
    }


def _is_nameless(found: Supplier) -> bool:
    return shown_name(found) == MASKED


def _last_seen(found: Supplier, said: Sequence[Mention]) -> dict[str, date]:
    seen = {REGISTER: found.last_seen} if found.origin == "register" else {}
    for mention in said:
        seen[mention.source] = max(mention.last_seen, seen.get(mention.source, date.min))
    return seen


def _statuses(tags: Sequence[Told], seen: Mapping[str, date], is_label: bool) -> list[Answer]:
    return [
        _claim(tag, seen, status.label)
        | {"code": status.code, "rule": status.rule, "ends_on": _day(tag.ends_on)}
        for status in STATUSES
        for tag in tags
        if status.is_label == is_label and _gives(tag, status)
    ]


def _gives(tag: Told, status: Status) -> bool:
    return (tag.kind, tag.value) in status.kinds or (tag.kind, "") in status.kinds


def _segments(tags: Sequence[Told], seen: Mapping[str, date]) -> list[Answer]:
    known = site().nomenclature.by_code
    return [
        _claim(tag, seen, known[tag.value].label) | {"code": tag.value, "weight": tag.weight}
        for tag in tags
        if tag.kind == "segment" and tag.value in known
    ]


def _claim(tag: Told, seen: Mapping[str, date], label: str | None) -> Answer:
    """Something said of the supplier: by whom, why, of the establishment or of the company."""
    return {
        "value": tag.value,
        "label": label or tag.value,
        "because": tag.because,
        "level": tag.level,
        "source": tag.source,
        "seen_on": _day(seen.get(tag.source)),
    }


def _sources(found: Supplier, said: Sequence[Mention]) -> list[Answer]:
    """Who knows the supplier, since when; a link could name the person who asked not to be."""
    known = [_source(REGISTER, found.first_seen, found.last_seen)]
    return (known if found.origin == "register" else []) + [
        _source(m.source, m.first_seen, m.last_seen)
        | {"gone_on": _day(m.gone_on), "link": "" if _is_nameless(found) else web(m.link)}
        for m in said
    ]


def _source(name: str, first: date, last: date) -> Answer:
    known = every_source().get(name)
    return {
        "name": name,
        "title": known.title if known else list_name(name),
        "first_seen": first.isoformat(),
        "last_seen": last.isoformat(),
        "gone_on": None,
        "link": "",
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
