"""What every table shares, the words its columns use, and what the base knows of itself."""

from typing import Any

from sqlalchemy import JSON, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# How a unit is shown: wholly, or in part; a person's name is then this, everywhere.
PUBLIC, PARTIAL, MASKED = "O", "P", "[Non diffusible]"
# Whoever works this far works everywhere in France.
NATIONAL_KM = 2_000.0
# The origin of a supplier the register knows.
REGISTER = "register"
# Settings that say when a source was last found unchanged: this, and its name.
CHECKED = "checked:"


# Compared and sorted byte by byte on both databases, whatever the server's language.
CODE = Text().with_variant(Text(collation="C"), "postgresql")


class Base(DeclarativeBase):
    type_annotation_map = {str: Text, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Setting(Base):
    """What the base knows of itself: origin (demo or real), territory name, data version."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
