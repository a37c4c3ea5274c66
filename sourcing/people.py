"""Accounts: who may sign in, and as what. Passwords are kept as scrypt digests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from sourcing import Foreseen
from sourcing.model import Person
from sourcing.normalise.contact import typed_email

ROLES = {"admin": "administrateur", "buyer": "acheteur", "reader": "lecteur"}
SHORTEST_PASSWORD = 12


class AccountError(Foreseen):
    """The account cannot be made; the message is one French sentence."""


def of_provider(session: Session, email: str, name: str, domains: str) -> Person:
    """The account of an address an identity provider vouches for.

    An address nobody knows becomes a reader when its domain is among `domains` (comma-separated).
    """
    address = _address(email)
    person = _by_email(session, address)
    if person is None:
        known = {domain.strip().lower().lstrip("@") for domain in domains.split(",")}
        if address.rsplit("@", 1)[1] not in known:
            raise AccountError(
                f"{address} n'a pas de compte ici : demander à l'administration de le créer."
            )
        person = Person(email=address, name=name, created_at=datetime.now(), role="reader")
        # No password has an empty digest: only the provider opens this account.
        person.password_hash = ""
        session.add(person)
        session.flush()
    person.name = person.name or name
    return person


def belong(session: Session, person: Person, organisation: str) -> None:
    """Whose sourcing files she works on; '' for the organisation that runs the site."""
    person.organisation = " ".join(organisation.split())[:120]
    session.flush()


def save(session: Session, email: str, password: str, role: str, name: str = "") -> Person:
    """Create the account, or give an existing one this password, role and name."""
    if role not in ROLES:
        raise AccountError(f"Rôle inconnu : {role}. Choisir parmi {', '.join(ROLES)}.")
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(f"Le mot de passe doit avoir au moins {SHORTEST_PASSWORD} caractères.")
    address = _address(email)
    person = _by_email(session, address)
    if person is None:
        person = Person(email=address, created_at=datetime.now(), password_hash="", role=role)
        session.add(person)
    person.password_hash = generate_password_hash(password)
    person.role = role
    person.name = name or person.name or ""
    session.flush()
    return person


def check(session: Session, email: str, password: str) -> Person | None:
    """The person whose address and password these are, in the same time whether known or not."""
    person, nobody = _by_email(session, email.strip().lower()), _nobody()
    right = check_password_hash(person.password_hash if person else nobody, password)
    return person if person and right else None


@dataclass(frozen=True, slots=True)
class Profile:
    """What an administrator says of an account; an empty password stays as it is."""

    name: str
    role: str
    organisation: str
    password: str = ""


def create(session: Session, email: str, said: Profile) -> Person:
    """A new account; an address that has one already is an AccountError."""
    if _by_email(session, _address(email)) is not None:
        raise AccountError("Cette adresse a déjà un compte : le modifier dans la liste.")
    person = save(session, email, said.password, said.role, said.name)
    belong(session, person, said.organisation)
    return person


def change(session: Session, by: Person, person: Person, said: Profile) -> None:
    """Change an account; an administrator stays one until another says otherwise."""
    if person.id == by.id and said.role != by.role:
        raise AccountError("Votre propre rôle se change par une autre personne, administratrice.")
    if said.password:
        save(session, person.email, said.password, said.role)
    if said.role not in ROLES:
        raise AccountError("Choisir un rôle dans la liste.")
    person.name, person.role = " ".join(said.name.split())[:120], said.role
    belong(session, person, said.organisation)


def remove(session: Session, by: Person, person: Person) -> None:
    """Close an account, with its basket and searches; what it signed stays signed."""
    if person.id == by.id:
        raise AccountError("Votre propre compte se supprime par une autre personne.")
    session.delete(person)
    session.flush()


def every(session: Session) -> Sequence[Person]:
    """Every account, by organisation then address."""
    return session.scalars(select(Person).order_by(Person.organisation, Person.email)).all()


def find(session: Session, person_id: int) -> Person | None:
    """The person of this id."""
    return session.get(Person, person_id)


def organisations(session: Session) -> Sequence[str]:
    """Those accounts belong to, besides the one that runs the site."""
    named = select(Person.organisation).where(Person.organisation != "").distinct()
    return session.scalars(named.order_by(Person.organisation)).all()


def count(session: Session) -> int:
    """How many accounts exist."""
    return session.scalar(select(func.count()).select_from(Person)) or 0


def _by_email(session: Session, email: str) -> Person | None:
    return session.scalar(select(Person).where(Person.email == email))


def _address(email: str) -> str:
    try:
        return typed_email(email)
    except ValueError:
        raise AccountError(f"« {email} » n'est pas une adresse électronique.") from None


@cache
def _nobody() -> str:
    """Compared when the address is unknown, so that answering takes as long as for a known one."""
    return generate_password_hash("nobody")
