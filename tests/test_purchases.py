"""Purchases to come: kept by the team, told to everybody alike."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from sourcing import purchases
from sourcing.purchases import Draft, PurchaseError

CODES = {"EV-01", "PROP-01"}


def draft(**changes: object) -> Draft:
    facts = {"object": "Entretien des sentiers", "quarter": "2027-T2", "segment": "EV-01"} | changes
    return Draft(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "quarter"),
    [
        ("T2 2027", "2027-T2"), ("2e trimestre 2027", "2027-T2"), ("3T2027", "2027-T3"),
        ("15/11/2027", "2027-T4"), ("2027-09-03", "2027-T3"), ("09/2027", "2027-T3"),
        ("mars 2027", "2027-T1"), ("S2 2027", "2027-T3"), ("courant 2027", "2027-T1"),
    ],
)  # fmt: skip
def test_a_quarter_is_read_as_people_write_it(said: str, quarter: str) -> None:
    assert purchases.read_quarter(said) == quarter


def test_a_quarter_without_its_year_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="T2 2027"):
        purchases.read_quarter("au printemps")


def test_the_public_sees_what_is_public_and_still_to_come(session: Session) -> None:
    today = date(2027, 5, 3)
    for said in (
        draft(is_public=True), draft(object="Secret"), draft(object="Passé", is_public=True,
        quarter="2027-T1"), draft(object="Publié", is_public=True, state="published"),
        draft(object="Vitres", is_public=True, segment="PROP-01", quarter="2028-T1"),
    ):  # fmt: skip
        purchases.save(session, said, "nolwenn@exemple.fr")
    seen = [p.object for p in purchases.upcoming(session, today=today)]
    assert seen == ["Entretien des sentiers", "Vitres"]
    assert [p.object for p in purchases.upcoming(session, {"PROP"}, today=today)] == ["Vitres"]
    assert len(purchases.upcoming(session, everything=True, today=today)) == 5


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"object": " "}, "objet"),
        ({"quarter": "2027"}, "trimestre"),
        ({"segment": "XX-99"}, "catégorie"),
        ({"band": "beaucoup"}, "listes"),
        ({"partners": ("voisin",)}, "listes"),
        ({"months": 500}, "mois"),
        ({"link": "javascript:alert(1)"}, "http"),
    ],
)
def test_what_cannot_be_kept_is_said(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(PurchaseError, match=sentence):
        purchases.check(draft(**changes), CODES)


def test_what_is_told_stays_on_the_page_and_goes_with_the_purchase(session: Session) -> None:
    kept = purchases.save(session, draft(), "nolwenn@exemple.fr")
    purchases.tell(session, kept, "Visite du site le 12.", "nolwenn@exemple.fr")
    assert [note.text for note in purchases.told(session, kept)] == ["Visite du site le 12."]
    purchases.remove(session, kept)
    assert purchases.find(session, kept.uid) is None
