"""Which supplier a winner is: this very establishment, who took it over, or its firm's."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)  # fmt: skip
from sqlalchemy.orm import Session, aliased

from sourcing import db, stale, succession
from sourcing.model import Contract, ContractWinner, Succession, Supplier

HERE, HEIR, FIRM = "siret", "successor", "siren"
# Closed establishments that won something, and the open one that took each over.
TAKEN_OVER = Table(
    "taken_over", MetaData(), Column("closed_siret", String, primary_key=True),
    Column("siret", String), prefixes=["TEMPORARY"],
)  # fmt: skip
# The establishment that stands for each firm that won something. A table with a key: in a subquery
# SQLite looked at every firm for each winner.
STANDING = Table(
    "standing", MetaData(), Column("siren", String, primary_key=True), Column("id", Integer),
    prefixes=["TEMPORARY"],
)  # fmt: skip


def attach(session: Session) -> None:
    """Lead each winner to its supplier of today; suppliers that gain or lose one are to tag anew.

    A winner the base names keeps no name of its own.
    """
    for table in (TAKEN_OVER, STANDING):
        table.create(session.connection())
    _write_heirs(session)
    session.connection().execute(insert(STANDING).from_select(["siren", "id"], _firms()))
    wanted = _wanted()
    moved = session.execute(select(wanted.c.before, wanted.c.supplier_id).distinct()).all()
    if moved:
        session.execute(
            update(ContractWinner)
            .where(
                ContractWinner.contract_id == wanted.c.contract_id,
                ContractWinner.position == wanted.c.position,
            )
            .values(
                supplier_id=wanted.c.supplier_id,
                level=wanted.c.level,
                name=case((wanted.c.supplier_id.is_(None), ContractWinner.name), else_=""),
            ),
            execution_options={"synchronize_session": False},
        )
        session.expire_all()
    for table in (TAKEN_OVER, STANDING):
        table.drop(session.connection())
    stale.mark(session, (identity for pair in moved for identity in pair))


def _write_heirs(session: Session) -> None:
    won = select(ContractWinner.siret).join(
        Succession, Succession.closed_siret == ContractWinner.siret
    )
    heirs = succession.heirs(session, set(session.scalars(won)))
    rows = ({"closed_siret": siret, "siret": heir.siret} for siret, heir in heirs.items())
    for batch in db.chunks(rows, db.CHUNK):
        session.connection().execute(insert(TAKEN_OVER), batch)


def winners_of(session: Session, run_id: int) -> Iterable[int | None]:
    """The suppliers of the contracts this run wrote."""
    wrote = ContractWinner.contract_id == Contract.id
    found = select(ContractWinner.supplier_id).join(Contract, wrote).distinct()
    return session.scalars(found.where(Contract.run_id == run_id))


def _wanted() -> Subquery:
    """The winners that are not led where they should be, and where to."""
    winner, firm = ContractWinner, STANDING
    here, heir = aliased(Supplier), aliased(Supplier)
    # A supplier merged into another leads there.
    found = func.coalesce(heir.id, here.merged_into, here.id, firm.c.id)
    level = case(
        (heir.id.is_not(None), HEIR),
        (here.id.is_not(None), HERE),
        (firm.c.id.is_not(None), FIRM),
        else_=literal(""),
    )
    rows: Any = (
        select(
            winner.contract_id,
            winner.position,
            winner.supplier_id.label("before"),
            found.label("supplier_id"),
            level.label("level"),
        )
        .outerjoin(TAKEN_OVER, TAKEN_OVER.c.closed_siret == winner.siret)
        .outerjoin(heir, heir.siret == TAKEN_OVER.c.siret)
        .outerjoin(here, (here.siret == winner.siret) & (winner.siret != ""))
        .outerjoin(firm, (firm.c.siren == winner.siren) & (winner.siren != ""))
        .where(or_(winner.supplier_id.is_distinct_from(found), winner.level != level))
    )
    wanted: Subquery = rows.subquery("wanted")
    return wanted


def _firms() -> Select[Any]:
    """The establishment that stands for each firm in the base: open, head office, first."""
    rank = func.row_number().over(
        partition_by=Supplier.siren,
        order_by=(Supplier.state, Supplier.is_head_office.desc(), Supplier.id),
    )
    won = select(ContractWinner.siren).where(ContractWinner.siren != "")
    standing = select(Supplier.siren, Supplier.id, rank.label("rank")).where(
        Supplier.siren.in_(won), Supplier.merged_into.is_(None)
    )
    ranked = standing.subquery("ranked")
    return select(ranked.c.siren, ranked.c.id).where(ranked.c.rank == 1)
