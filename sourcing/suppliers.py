"""A supplier by its address, and the lines of lists that speak of it."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from sourcing.model import Alias, Mention, Supplier


def find(session: Session, uid: str) -> Supplier | None:
    """The supplier of this uid; when its lines went to another one, that one."""
    found = session.scalar(select(Supplier).where(Supplier.uid == uid))
    if found is not None and found.merged_into is not None:
        return session.get(Supplier, found.merged_into)
    if found is not None:
        return found
    founder = select(Mention.supplier_id).join(Alias, Alias.mention_id == Mention.id)
    number = session.scalar(founder.where(Alias.uid == uid))
    return None if number is None else session.get(Supplier, number)


def mentions(session: Session, supplier: Supplier) -> Sequence[Mention]:
    """The lines at this supplier, and those at its firm as a whole, by source and number."""
    here = and_(Mention.supplier_id == supplier.id, Mention.firm == "")
    firm = and_(Mention.firm == supplier.siren, Mention.firm != "")
    wanted = select(Mention).where(or_(here, firm)).order_by(Mention.source, Mention.id)
    return session.scalars(wanted).all()


def numbers(session: Session, supplier: Supplier) -> Sequence[int]:
    """Its number and those of the suppliers that lead to it: what is attached to any is its own."""
    merged = session.scalars(select(Supplier.id).where(Supplier.merged_into == supplier.id))
    return [supplier.id, *merged]
