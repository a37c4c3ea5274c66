"""Persons with an account, and what they keep."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Person(Base):
    """Someone who may sign in: administrator, buyer or reader."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    role: Mapped[str]  # admin, buyer, reader
    # Whose sourcing files she works on; '' is the organisation that runs this site.
    organisation: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class SavedSearch(Base):
    """A search a person keeps by name, and who answered it when she last looked."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("person_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str]
    asked: Mapped[str]  # the address's arguments
    seen: Mapped[list[Any]]  # uids
    seen_at: Mapped[datetime]
    created_at: Mapped[datetime]
