"""Communes of today and of the past, and where addresses are."""

from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Place(Base):
    """A commune of today. Contour is a GeoJSON geometry as text, '' when not loaded."""

    __tablename__ = "place"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # The name as compared: no accents, no hyphens, SAINT for ST.
    name_key: Mapped[str] = mapped_column(index=True)
    postcodes: Mapped[str] = mapped_column(default="")  # space-separated
    departement: Mapped[str] = mapped_column(default="", index=True)
    region: Mapped[str] = mapped_column(default="")
    epci: Mapped[str] = mapped_column(default="", index=True)
    population: Mapped[int | None]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    contour: Mapped[str] = mapped_column(default="")
    # 1 in the territory, 0 around it.
    in_territory: Mapped[bool] = mapped_column(default=False, index=True)


class Qpv(Base):
    """A priority district of the urban policy. Contour is a GeoJSON geometry as text."""

    __tablename__ = "qpv"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    contour: Mapped[str]


class OldPlace(Base):
    """A code of the past (merged, renumbered, delegated, arrondissement) and today's."""

    __tablename__ = "old_place"
    code: Mapped[str] = mapped_column(primary_key=True)
    name_key: Mapped[str] = mapped_column(default="")
    today: Mapped[str] = mapped_column(ForeignKey("place.code"), index=True)


class Geocode(Base):
    """Where the geocoding service puts an address: asked once, kept."""

    __tablename__ = "geocode"
    address: Mapped[str] = mapped_column(primary_key=True)
    postcode: Mapped[str] = mapped_column(primary_key=True)
    commune_code: Mapped[str] = mapped_column(primary_key=True)
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    # 0..1; 0 when nothing was found
    score: Mapped[float]
    # housenumber, street, locality, municipality
    kind: Mapped[str]
    asked_on: Mapped[date]
