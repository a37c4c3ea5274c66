"""Accounts."""

import pytest
from sqlalchemy.orm import Session

from sourcing import people

LONG = "une phrase assez longue"


def test_a_password_opens_only_its_own_account(session: Session) -> None:
    people.save(session, "Nolwenn@exemple.fr", LONG, "admin")
    assert people.check(session, " nolwenn@EXEMPLE.fr", LONG) is not None
    assert people.check(session, "nolwenn@exemple.fr", "autre chose de long") is None
    assert people.check(session, "inconnue@exemple.fr", LONG) is None


def test_the_password_itself_is_not_kept(session: Session) -> None:
    assert LONG not in people.save(session, "n@exemple.fr", LONG, "buyer").password_hash


def test_saving_again_changes_the_password(session: Session) -> None:
    people.save(session, "n@exemple.fr", LONG, "buyer")
    people.save(session, "n@exemple.fr", LONG + " 2", "admin")
    assert people.check(session, "n@exemple.fr", LONG) is None
    assert people.count(session) == 1


@pytest.mark.parametrize(
    ("email", "password", "role", "told"),
    [
        ("n@exemple.fr", "court", "admin", "au moins 12"),
        ("n@exemple.fr", LONG, "chef", "Rôle inconnu"),
        ("pas une adresse", LONG, "admin", "n'est pas une adresse"),
    ],
)
def test_an_account_that_cannot_be_made_says_why(
    session: Session, email: str, password: str, role: str, told: str
) -> None:
    with pytest.raises(people.AccountError, match=told):
        people.save(session, email, password, role)
