"""Tags: what is true of a supplier, why, at which level; then its search index."""

from collections.abc import Callable, Collection, Iterator

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Listing, Setting, Stale, Supplier, Tag
from sourcing.segments import Nomenclature
from sourcing.tagging import listing
from sourcing.tagging import of_lists as tags_of_lists
from sourcing.tagging import of_register as tags_of_register
from sourcing.tagging.of_register import Scope
from sourcing.tagging.statuses import NOISE as NOISE
from sourcing.tagging.statuses import SIZES as SIZES
from sourcing.tagging.statuses import STATUSES as STATUSES
from sourcing.tagging.statuses import bit_of as bit_of

# In order: what comes later may read the tags of what came before.
TAGGERS: tuple[Callable[[Scope], None], ...] = (
    tags_of_register.public,
    tags_of_register.size,
    tags_of_register.mission,
    tags_of_register.qpv,
    tags_of_register.ess,
    tags_of_register.segments,
    tags_of_lists.mentions,
    tags_of_lists.public_names,
    tags_of_lists.ess,
    tags_of_register.noise,
)
ONLY_CHUNK = 500
VERSION = "data_version"

Progress = Callable[[float, float], None]


def tag(
    session: Session,
    nomenclature: Nomenclature,
    progress: Progress | None = None,
    only: Collection[int] | None = None,
) -> int:
    """Rebuild tags and search index of every supplier, or of these; returns how many suppliers."""
    session.flush()
    total = (
        session.scalar(select(func.count()).select_from(Supplier)) or 0
        if only is None
        else len(only)
    )
    count = 0
    for scope in _scopes(session, nomenclature, only):
        _clear(scope)
        for place, tagger in enumerate(TAGGERS, start=1):
            tagger(scope)
            if progress and only is None:
                progress(total * place / len(TAGGERS) / 2, total)
        count += listing.write(
            scope, lambda done: progress(total / 2 + done / 2, total) if progress else None
        )
    _bump(session)
    session.expire_all()
    return count


def _scopes(
    session: Session, nomenclature: Nomenclature, only: Collection[int] | None
) -> Iterator[Scope]:
    if only is None:
        yield Scope(session, nomenclature)
    else:
        for ids in db.chunks(sorted(set(only)), ONLY_CHUNK):
            yield Scope(session, nomenclature, ids)


def _clear(scope: Scope) -> None:
    for statement in (delete(Tag), delete(Listing), delete(Stale)):
        column = statement.table.c.supplier_id
        scope.session.execute(
            statement if scope.only is None else statement.where(column.in_(scope.only)),
            execution_options={"synchronize_session": False},
        )
    if scope.only is None:
        db.clear_text(scope.session)
    else:
        db.delete_text(scope.session, scope.only)


def _bump(session: Session) -> None:
    """Count up, so that what was computed from the former tags is known to be old."""
    setting = session.get(Setting, VERSION) or Setting(key=VERSION, value="0")
    setting.value = str(int(setting.value) + 1)
    session.merge(setting)
    session.flush()
