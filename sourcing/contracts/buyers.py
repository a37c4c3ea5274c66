"""Who bought: the names the files leave out, from the register or from another contract."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from sourcing.model import Contract, Supplier


def name(session: Session) -> None:
    """Name the buyers that have none: by their establishment, their firm, or another contract."""
    other = aliased(Contract)
    for key, known, called in (
        (Contract.buyer_siret, Supplier.siret, Supplier.name),
        (Contract.buyer_siren, Supplier.siren, Supplier.legal_name),
        (Contract.buyer_siren, other.buyer_siren, other.buyer_name),
    ):
        nameless = select(key).where(Contract.buyer_name == "", key != "")
        names = (
            select(known.label("key"), func.max(called).label("name"))
            .where(known.in_(nameless), called != "")
            .group_by(known)
            .subquery("names")
        )
        session.execute(
            update(Contract)
            .where(Contract.buyer_name == "", key == names.c.key)
            .values(buyer_name=names.c.name),
            execution_options={"synchronize_session": False},
        )
