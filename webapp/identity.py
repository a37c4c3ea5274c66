"""Who a structure is: by SIRET, or name and commune, in the base then in the directory."""

from collections.abc import Mapping

from sqlalchemy import select

from sourcing import normalise, registrations
from sourcing.model import PUBLIC, Place, Supplier
from sourcing.normalise import place_key
from sourcing.search import Query, search
from webapp.context import session, site

MOST = 8


def read_siret(text: str) -> tuple[str, str]:
    """The clean siret and no error, or nothing and a sentence."""
    try:
        number = normalise.siret(text[:60])
    except ValueError as error:
        sentence = str(error).rstrip(".")
        return "", f"{sentence[:1].upper()}{sentence[1:]}. Le SIRET compte 14 chiffres."
    return number, "" if number else "Indiquer le SIRET : 14 chiffres."


def known_supplier(number: str) -> Supplier | None:
    """What the base knows under this siret, else what the public directory says of it."""
    if not number:
        return None
    directory = site().directory
    known = registrations.known(session(), number)
    return known if known or directory is None else directory.find(number)


def public_name(supplier: Supplier) -> str:
    """The name, or nothing for a unit that asked not to be shown."""
    return supplier.name if supplier.diffusion == PUBLIC else ""


def commune_named(name: str) -> Place | None:
    """The commune of this name or postcode, those of the territory first; None when none is."""
    said = "".join(filter(str.isprintable, name)).strip()
    if not said:
        return None
    by_name = Place.name_key == place_key(said)
    by_postcode = (" " + Place.postcodes + " ").contains(f" {said} ", autoescape=True)
    found = select(Place).where(by_postcode if said.isdigit() else by_name)
    ordered = found.order_by(Place.in_territory.desc(), Place.population.desc(), Place.code)
    return session().scalars(ordered.limit(1)).first()


def likely(name: str, place: Place) -> list[Supplier]:
    """The establishments this name may be in a commune: of the base, then of the directory."""
    asked: Mapping[str, list[str]] = {"q": [name], "commune": [place.code]}
    hits = search(session(), site().nomenclature, Query.from_args(asked)).hits[:MOST]
    ids = [hit.id for hit in hits]
    ours = {s.id: s for s in session().scalars(select(Supplier).where(Supplier.id.in_(ids)))}
    found = [ours[each] for each in ids if each in ours and ours[each].siret]
    shown = [s for s in found if s.diffusion == PUBLIC]
    seen = {s.siret for s in shown}
    directory = site().directory
    others = directory.named(name, place.code) if directory and len(shown) < MOST else []
    return shown + [s for s in others if s.siret not in seen and s.diffusion == PUBLIC]
