"""A prepared base brought up to date is the one that reading all suppliers would give."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.linking import index, kept, patching
from sourcing.linking.bases import Base
from sourcing.model import Run, Supplier
from tests.linking.conftest import Maker

NAMES = ("Ateliers du Scorff", "Menuiserie Le Goff (MLG)", "S.A.R.L. Voiles & Gréements",
         "ESAT Ter", "Mairie de Lorient", "Traiteur d'Ailleurs - Le Comptoir",
         "A.P.F. Entreprises")  # fmt: skip
STREETS = ("12 rue Kerpont", "3-5 av de la Marne", "ZI de Kerpont", "", "BP 12 quai des Indes")
TOWNS = (("56100", "Lorient", "56121"), ("56600", "Lanester", "56098"), ("", "Brest", ""))


@pytest.fixture
def base(session: Session, supplier: Maker, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Sixty establishments, as a first run left them."""
    monkeypatch.setattr(kept, "WORTH_KEEPING", 0)
    monkeypatch.setattr(patching, "MOST_CHANGED", 1.0)
    # Some keys are shared by too many, some are no longer so when a few lines changed.
    monkeypatch.setattr(index, "MOST_SHARED", 5)
    month(session, 1)
    for number in range(60):
        supplier(siret(number), **said(number), run_id=1)
    kept.forget()
    return session


def siret(number: int) -> str:
    return f"{100_000_000 + number * 37 % 60:09}00012"


def said(number: int) -> dict[str, Any]:
    postcode, commune, code = TOWNS[number % 3]
    return {
        "name": f"{NAMES[number % 7]} {number % 11}", "legal_name": NAMES[number % 5],
        "address": STREETS[number % 5], "postcode": postcode, "commune": commune,
        "commune_code": code, "website": f"www.site-{number % 13}.fr",
        "phone": f"02 97 00 00 {number % 9:02}",
        "state": "F" if number % 8 == 0 else "A",
    }  # fmt: skip


def month(session: Session, number: int) -> None:
    session.add(Run(id=number, source="sirene", files=[], started_at=datetime(2026, number, 1),
                    leftover=[], outcome="done"))  # fmt: skip
    session.flush()


def change(session: Session, number: int, **values: object) -> None:
    session.query(Supplier).filter_by(siret=siret(number)).update({"run_id": 2} | values)


def told(base: Base) -> dict[str, list[Any]]:
    """All that a base says, codes as the words they stand for."""
    known = base.linker.index
    lines, words = known.lines, known.lines.vocabulary.word
    plain = {
        name: getattr(each, name)
        for each, names in (
            (lines, ("is_cedex", "number", "nic", "kinds", "alias_line", "alias_text",
                     "alias_shape", "word_alias", "word_flags", "street_line")),
            (known, ("key", "start", "line", "common", "at_door", "of_kind_in_town",
                     "of_kind_around", "alias_start")),
            (base, ("ids", "uids", "sirets", "names")),
        )
        for name in names
    }  # fmt: skip
    labels = {
        "towns": lines.towns,
        "streets": lines.streets,
        "initials": lines.alias_initials,
        "sites": lines.sites,
    }
    bags = {"of_name": known.of_name, "of_line": known.of_line, "of_street": known.of_street}
    return {
        **{name: np.asarray(array).tolist() for name, array in (plain | lines.marks).items()},
        **{name: text.values[text.code].tolist() for name, text in labels.items()},
        **{name: [bag.start.tolist(), words[bag.word].tolist()] for name, bag in bags.items()},
        "bits": known.bits[lines.word].tolist(), "closed": sorted(base.linker.closed),
        "known": sorted(base.linker.normaliser.towns().items()),
    }  # fmt: skip


def test_a_month_of_changes_gives_the_base_that_reading_all_would(
    base: Session, supplier: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.prepared(base, cache=tmp_path)
    month(base, 2)
    change(base, 3, name="Ateliers du Blavet", state="F", postcode="56700", commune="Hennebont")
    change(base, 4, state="A", name="[Non diffusible]", legal_name="", address="")
    change(base, 17, gone_on=datetime(2026, 2, 1).date())
    supplier("000000001" + "00018", name="Cirerie de Kerroch", commune="Rennes", postcode="35000",
             run_id=2)  # fmt: skip
    supplier("999999999" + "00018", **said(5), run_id=2)
    kept.forget()
    whole = told(Base.read(base))
    monkeypatch.setattr(Base, "read", None)
    patched = kept.prepared(base, cache=tmp_path)
    assert told(patched) == whole
    assert whole["common"]
    assert patched.run == base.scalar(select(func.max(Run.id)))
    month(base, 3)
    kept.forget()
    assert told(kept.prepared(base, cache=tmp_path)) == whole


def test_a_town_that_tells_something_else_of_lines_that_did_not_change_is_read_again(
    base: Session, tmp_path: Path
) -> None:
    """Lines that say "Brest" alone are placed by what the others say of Brest."""
    former = kept.prepared(base, cache=tmp_path)
    month(base, 2)
    change(base, 3, postcode="29200", commune="Brest", commune_code="29019")
    assert patching.brought_up(base, former) is None
    kept.forget()
    assert told(kept.prepared(base, cache=tmp_path)) == told(Base.read(base))


def test_suppliers_that_left_without_a_run_are_noticed(base: Session, tmp_path: Path) -> None:
    former = kept.prepared(base, cache=tmp_path)
    base.query(Supplier).filter_by(siret=siret(9)).delete()
    assert patching.brought_up(base, former) is None


def test_every_supplier_is_the_register_and_what_lists_made(base: Session) -> None:
    for number in range(5):
        base.add(Supplier(uid=f"x{number:012}", siren="", origin="list", first_seen=date.today(),
                          last_seen=date.today(), **said(number + 3)))  # fmt: skip
    base.flush()
    whole = patching.with_lists(base, Base.read(base))
    assert whole is not None
    assert told(whole) == told(Base.read(base, everything=True))
