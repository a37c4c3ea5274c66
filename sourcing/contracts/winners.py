"""Which supplier a winner is: this very establishment, or another one of its firm."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Subquery, case, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from sourcing import stale
from sourcing.model import Contract, ContractWinner, Supplier

HERE, FIRM = "siret", "siren"


def attach(session: Session) -> None:
    """Lead each winner to its supplier of today; suppliers that gain or lose one are to tag anew.

    A winner the base names keeps no name of its own.
    """
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
    stale.mark(session, (identity for pair in moved for identity in pair))


def winners_of(session: Session, run_id: int) -> Iterable[int | None]:
    """The suppliers of the contracts this run wrote."""
    wrote = ContractWinner.contract_id == Contract.id
    found = select(ContractWinner.supplier_id).join(Contract, wrote).distinct()
    return session.scalars(found.where(Contract.run_id == run_id))


def _wanted() -> Subquery:
    """The winners that are not led where they should be, and where to."""
    winner, firm = ContractWinner, _firms()
    here = aliased(Supplier)
    # A supplier merged into another leads there.
    found = func.coalesce(here.merged_into, here.id, firm.c.id)
    level = case((here.id.is_not(None), HERE), (firm.c.id.is_not(None), FIRM), else_=literal(""))
    rows: Any = (
        select(
            winner.contract_id,
            winner.position,
            winner.supplier_id.label("before"),
            found.label("supplier_id"),
            level.label("level"),
        )
        .outerjoin(here, (here.siret == winner.siret) & (winner.siret != ""))
        .outerjoin(firm, (firm.c.siren == winner.siren) & (winner.siren != ""))
        .where(or_(winner.supplier_id.is_distinct_from(found), winner.level != level))
    )
    return rows.subquery("wanted")  # type: ignore[no-any-return]


def _firms() -> Subquery:
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
    return select(ranked.c.siren, ranked.c.id).where(ranked.c.rank == 1).subquery("firm")
