"""Columns of which a few suppliers are read again are those of all of them read again."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sourcing import db, stale
from sourcing.model import Listing, Supplier, Tag
from sourcing.normalise import fold
from sourcing.search import patching, shelf, tally
from tests.listed import VANNES, random_base, supplier


def told(value: Any) -> Any:
    """Values one can compare."""
    if isinstance(value, np.ndarray):
        return value.dtype.str[1], np.nan_to_num(value, nan=-1.0).tolist()
    if isinstance(value, tally.Texts):
        return [value.at(place) for place in range(len(value.ends))]
    if is_dataclass(value):
        return {field.name: told(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: told(held) for key, held in value.items()}
    return tuple(map(told, value)) if isinstance(value, tuple) else value


def change(session: Session) -> list[int]:
    """One is gone, one has another name and place, one is hidden, one does else, two are new."""
    ids = session.scalars(select(Listing.supplier_id).order_by(Listing.supplier_id)).all()
    gone, moved, hidden, retold = ids[5], ids[17], ids[40], ids[80]
    for table in (Tag, Listing):
        session.execute(delete(table).where(table.supplier_id == gone))
    db.delete_text(session, [gone])
    name, place = "École de voile", {"lon": -2.7, "lat": 47.6, "commune_code": "56999"}
    session.execute(update(Supplier).where(Supplier.id == moved).values(name=name, naf="93.29Z"))
    place |= {"name_key": fold(name), "statuses": 1 << 7}
    session.execute(update(Listing).where(Listing.supplier_id == moved).values(**place))
    session.execute(update(Listing).where(Listing.supplier_id == hidden).values(is_noise=True))
    session.execute(delete(Tag).where(Tag.supplier_id == retold))
    said = {"kind": "segment", "value": "RH-02", "level": "siret", "because": "", "source": "x"}
    session.add(Tag(supplier_id=retold, weight=0.6, **said))
    first = supplier(session, "0000000000003x", "Atelier", sectors={"EV-01": 1.0})
    second = supplier(session, "x", "Zinguerie", commune=VANNES, noise=("closed",))
    session.flush()
    return [gone, moved, hidden, retold, first, second]


def test_columns_brought_up_to_date_are_those_read_whole(session: Session, tmp_path: Path) -> None:
    random_base(session)
    shelf.to_disk(tally.read(session), tmp_path / "columns" / "former")
    former = shelf.from_disk(tmp_path / "columns" / "former")
    brought = patching.brought_up(session, former, change(session))
    assert brought is not None
    assert told(brought) == told(tally.read(session))


def test_who_changed_without_being_named_is_read_with_all(session: Session) -> None:
    random_base(session)
    former = tally.read(session)
    *known, _ = change(session)
    assert patching.brought_up(session, former, known) is None


def test_after_a_few_were_tagged_only_they_are_read(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_base(session)
    shelf.keep_in(tmp_path / "columns")
    stale.announce_tagged(session, None)
    shelf.columns(session)
    stale.announce_tagged(session, change(session))
    monkeypatch.setattr(shelf, "read", lambda session: pytest.fail("the base was read whole"))
    assert "Zinguerie" in told(shelf.columns(session))["names"]
    shelf.forget()


def test_what_changed_is_told_of_the_last_tagging_only(session: Session) -> None:
    stale.announce_tagged(session, None)
    assert stale.changed(session) is None
    before = stale.state(session)
    stale.announce_tagged(session, [7, 3])
    assert stale.changed(session) == (before, [3, 7])
    stale.announce(session)
    assert stale.changed(session) is None
