"""Tags: what is true of a supplier, why, at which level; then its search index."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, delete, exists, func, insert, select
from sqlalchemy.orm import Session

from sourcing import contracts, db, stale
from sourcing.db.columns import workshop
from sourcing.db.rebuild import beside, together
from sourcing.model import (
    ContractWinner,
    Listing,
    Mention,
    Place,
    Setting,
    Stale,
    Supplier,
    Tag,
)
from sourcing.segments import Nomenclature
from sourcing.tagging import listing
from sourcing.tagging import of_contracts as tags_of_contracts
from sourcing.tagging import of_lists as tags_of_lists
from sourcing.tagging import of_register as tags_of_register
from sourcing.tagging.scope import Scope
from sourcing.tagging.statuses import NOISE as NOISE
from sourcing.tagging.statuses import SIZES as SIZES
from sourcing.tagging.statuses import STATUSES as STATUSES
from sourcing.tagging.statuses import bit_of as bit_of

# In order: what comes later may read the tags of what came before.
TAGGERS: tuple[Callable[[Scope], None], ...] = (
    tags_of_register.public,
    tags_of_register.mission,
    tags_of_register.qpv,
    tags_of_register.ess,
    tags_of_contracts.segments,
    tags_of_lists.mentions,
    tags_of_lists.public_names,
    tags_of_lists.ess,
    tags_of_register.noise,
    tags_of_register.gone,
)
# Those that read more of the base than its suppliers.
READERS = (tags_of_contracts.segments, tags_of_lists.mentions)
# Raise it when a tagger changes: every supplier is then tagged anew, whatever the queue says.
RULES = 6
TAGGED_BY = "tagged_by"
# Beyond this share of the suppliers, doing all of them at once is quicker.
MOST_STALE = 0.3

# The suppliers at hand, when they are not all of them.
AT_HAND = Table(
    "tagged_now", MetaData(), Column("supplier_id", Integer, primary_key=True),
    prefixes=["TEMPORARY"],
)  # fmt: skip

Progress = Callable[[float, float], None]


def tag_stale(
    session: Session, nomenclature: Nomenclature, progress: Progress | None = None
) -> int:
    """Redo what the queue holds, what ended and what has no index yet; everything when the rules
    changed.
    """
    session.flush()
    note_expired(session, date.today())
    if _fingerprint(session, nomenclature) != _known_fingerprint(session):
        return tag(session, nomenclature, progress)
    contracts.settle(session, nomenclature)
    waiting = {*session.scalars(select(Stale.supplier_id)), *_unlisted(session)}
    if len(waiting) > MOST_STALE * _count(session):
        return tag(session, nomenclature, progress)
    return tag(session, nomenclature, progress, only=waiting)


def tag(
    session: Session,
    nomenclature: Nomenclature,
    progress: Progress | None = None,
    only: Collection[int] | None = None,
    today: date | None = None,
) -> int:
    """Rebuild tags and search index of every supplier, or of these; returns how many suppliers.

    What a list says is not taken after its last day; `today` is only given to look at another day.
    """
    session.flush()
    if only is None:
        contracts.settle(session, nomenclature)
    elif not only:
        return 0
    total = _count(session) if only is None else len(only)
    tell = progress or (lambda _done, _total: None)
    if _fingerprint(session, nomenclature) != _known_fingerprint(session):
        tags_of_register.write_hints(session, nomenclature)
    with workshop() as con:
        everyone = Scope(session, nomenclature, today or date.today(), con)
        with _limited(everyone, only) as scope:
            scope.gather()
            tell(total * 0.3, total)
            for tagger in TAGGERS:
                tagger(scope)
            tell(total * 0.4, total)
            listing.work_out(scope)
            tell(total * 0.6, total)
            _clear(scope)
            count = listing.send(scope, lambda share: tell(total * (0.6 + 0.4 * share), total))
    if only is None:
        _remember(session, nomenclature)
    stale.announce_tagged(session, only)
    session.expire_all()
    return count


def tag_first(
    session: Session, con: Any, put: Callable[[], None], nomenclature: Nomenclature
) -> None:
    """Tag and index a base's first suppliers while `put` writes them: they are not read back.

    Where lists or contracts were there before the register, that is left to tag_stale.
    """
    if any(
        session.scalar(select(key).limit(1)) for key in (Mention.id, ContractWinner.contract_id)
    ):
        put()
        return
    tags_of_register.write_hints(session, nomenclature)
    scope = Scope(session, nomenclature, date.today(), con)
    scope.gather_beside()
    with together(session), ThreadPoolExecutor(1) as aside:
        written = aside.submit(put)
        for tagger in TAGGERS:
            if tagger not in READERS:
                tagger(scope)
        listing.work_out(scope)
        # Two read what was worked out.
        con.commit()
        con.begin()

        def send_words(other: Session) -> None:
            with con.cursor() as reading:
                listing.send_words(replace(scope, session=other, con=reading))

        def send_rows() -> None:
            written.result()
            listing.send_rows(scope)

        # The words' index takes as long as the rest.
        beside(session, send_words, send_rows)
    _remember(session, nomenclature)
    stale.announce_tagged(session, None)


def _remember(session: Session, nomenclature: Nomenclature) -> None:
    """What all tags were made by."""
    session.merge(Setting(key=TAGGED_BY, value=_fingerprint(session, nomenclature)))


def note_expired(session: Session, today: date) -> None:
    """Put in the to-tag queue who carries something whose last day has passed."""
    ended = select(Tag.supplier_id).where(Tag.ends_on < today).distinct()
    news = ended.where(Tag.supplier_id.not_in(select(Stale.supplier_id)))
    session.execute(insert(Stale).from_select(["supplier_id"], news))


@contextmanager
def _limited(everyone: Scope, only: Collection[int] | None) -> Iterator[Scope]:
    if only is None:
        yield everyone
        return
    connection = everyone.session.connection()
    AT_HAND.create(connection)
    for ids in db.chunks(sorted(set(only)), db.CHUNK):
        connection.execute(insert(AT_HAND), [{"supplier_id": each} for each in ids])
    yield replace(everyone, only=select(AT_HAND.c.supplier_id))
    AT_HAND.drop(connection)


def _clear(scope: Scope) -> None:
    """Of all suppliers, tags and index are replaced as a whole: see listing.write."""
    if scope.only is None:
        statements = [delete(Stale)]
    else:
        statements = [
            delete(table).where(table.supplier_id.in_(scope.only))
            for table in (Tag, Listing, Stale)
        ]
        db.delete_text(scope.session, scope.session.scalars(scope.only).all())
    for statement in statements:
        scope.session.execute(statement, execution_options={"synchronize_session": False})


def _unlisted(session: Session) -> Iterable[int]:
    """Who has no index yet, should, and is not in the queue.

    Nobody, when as many have one as should: to look for each supplier's takes longer than to tag a
    month's changes.
    """
    counted = select(func.count()).select_from(Supplier)
    leads, stands = Supplier.merged_into.is_not(None), Supplier.merged_into.is_(None)
    without = ~exists().where(Listing.supplier_id == Supplier.id)
    queued = Supplier.id.in_(select(Stale.supplier_id))
    listed = select(func.count()).select_from(Listing)
    there, leading, of_leading, waiting, have = (
        session.scalar(each) or 0
        for each in (
            counted, counted.where(leads), counted.join(Listing).where(leads),
            counted.where(queued, stands, without), listed,
        )
    )  # fmt: skip
    if there - leading + of_leading == have + waiting:
        return ()
    return session.scalars(select(Supplier.id).where(without, stands))


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Supplier)) or 0


def _fingerprint(session: Session, nomenclature: Nomenclature) -> str:
    """What every tag depends on, beside its supplier: rules, nomenclature, territory."""
    inside = session.scalars(select(Place.code).where(Place.in_territory).order_by(Place.code))
    said = f"{RULES}|{nomenclature.fingerprint}|{' '.join(inside)}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _known_fingerprint(session: Session) -> str:
    setting = session.get(Setting, TAGGED_BY)
    return setting.value if setting else ""
