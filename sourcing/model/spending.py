"""What the organisation spent, line by line, and the values of indicators entered by hand."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import CODE, Base


class Spending(Base):
    """A line of the ledger, led to a supplier of the base when it is known."""

    __tablename__ = "spending"
    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(index=True)
    siret: Mapped[str] = mapped_column(CODE)
    name: Mapped[str]
    amount_eur: Mapped[float]
    contract: Mapped[str]  # its number in the ledger, '' off contract
    directorate: Mapped[str]
    label: Mapped[str]
    segment: Mapped[str] = mapped_column(CODE)
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"), index=True)
    # How the supplier was found: siret, siren (another site of the firm), ledger (the SIRET of
    # other lines of the same name), name, review (to be checked) or ''.
    level: Mapped[str]
    line: Mapped[int]


class IndicatorValue(Base):
    """A value that no data of ours gives: who entered it, and when."""

    __tablename__ = "indicator_value"
    code: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]
    note: Mapped[str]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
