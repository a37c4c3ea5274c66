"""Public contracts awarded."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Contract(Base):
    """A public contract awarded, as last published: one row per contract or lot."""

    __tablename__ = "contract"
    # 63 bits of `uid`, the same on every machine: a contract is written before it is looked up.
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # buyer's siret : the buyer's number : cpv (and the winner, when lots share all three)
    uid: Mapped[str]
    source: Mapped[str]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    # Of all it says: the same digest again changes nothing.
    digest: Mapped[int] = mapped_column(BigInteger)
    buyer_siret: Mapped[str]
    buyer_siren: Mapped[str] = mapped_column(index=True)
    buyer_name: Mapped[str]
    object: Mapped[str]
    # The object in capitals without accents, a space around each word.
    object_key: Mapped[str]
    cpv: Mapped[str] = mapped_column(index=True)  # 8 digits, '' unknown
    nature: Mapped[str]
    procedure: Mapped[str]
    techniques: Mapped[str]  # " | "-separated, like social and environmental
    # Postcode, commune, département… where it is carried out, as published.
    place_code: Mapped[str]
    months: Mapped[int | None]
    notified_on: Mapped[date | None] = mapped_column(index=True)
    published_on: Mapped[date | None]
    modified_on: Mapped[date | None]
    modifications: Mapped[int]
    # Excluding tax; the last amount known, and the first. None when absent or not believable.
    amount_eur: Mapped[float | None]
    initial_eur: Mapped[float | None]
    # Why the published amount is not believed, one French clause.
    amount_note: Mapped[str]
    offers: Mapped[int | None]
    is_innovative: Mapped[bool | None]
    # None: not published (before 2024); '': none; else "Clause sociale | Critère social"…
    social: Mapped[str | None]
    environmental: Mapped[str | None]
    # How many share the amount.
    winners: Mapped[int]
    # Our sub-segment of its object: None not looked at yet, '' none recognised.
    segment: Mapped[str | None] = mapped_column(index=True)
    segment_score: Mapped[float]


class ContractWinner(Base):
    """Who won a contract: as published, and the supplier it is."""

    __tablename__ = "contract_winner"
    contract_id: Mapped[int] = mapped_column(
        ForeignKey("contract.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    # SIRET, TVA, TAHITI, RIDET, FRWF, IREP, HORS-UE
    kind: Mapped[str]
    identifier: Mapped[str]
    siret: Mapped[str] = mapped_column(index=True)
    siren: Mapped[str] = mapped_column(index=True)
    # As published, kept only while the base has no supplier to name it.
    name: Mapped[str]
    supplier_id: Mapped[int | None] = mapped_column(
        ForeignKey("supplier.id", ondelete="SET NULL"), index=True
    )
    # siret: this very establishment; siren: another one of the firm; successor: who took over.
    level: Mapped[str]
