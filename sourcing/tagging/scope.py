"""The suppliers being tagged, in DuckDB: what the base says of them, and the tags they get."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, wraps
from typing import Any, TypeVar

from sqlalchemy import Date as DateType
from sqlalchemy import Integer, Select, String, cast, select, union_all
from sqlalchemy import column as named
from sqlalchemy import table as tabled
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.db.columns import pull, spelled
from sourcing.model import Mention, NafHint, Place, Supplier
from sourcing.segments import Nomenclature

# A tag, but for its own number.
COLUMNS = ("supplier_id", "kind", "value", "level", "because", "source", "weight")
TAG = (*COLUMNS, "ends_on")
GIVEN = f"SELECT {', '.join(TAG)} FROM tag"  # noqa: S608
TAGS = (
    "CREATE TABLE tag (supplier_id BIGINT, kind VARCHAR, value VARCHAR, level VARCHAR, "
    "because VARCHAR, source VARCHAR, weight DOUBLE, ends_on DATE)"
)
# What is said of a supplier: a row per line of a list, of its site or of its firm, gone or not.
SAID = tabled("said", named("supplier_id", Integer), named("gone_on", DateType))
# What tags and index are made of.
READ = (
    Supplier.id, Supplier.siren, Supplier.origin, Supplier.name, Supplier.legal_name,
    Supplier.other_names, Supplier.is_person, Supplier.diffusion, Supplier.state,
    Supplier.closed_on, Supplier.gone_on, Supplier.precision, Supplier.commune,
    Supplier.commune_code, Supplier.lon, Supplier.lat, Supplier.naf, Supplier.legal_form,
    Supplier.size_code, Supplier.category, Supplier.is_ess, Supplier.is_mission, Supplier.is_qpv,
    Supplier.description, Supplier.merged_into,
)  # fmt: skip
Statement = TypeVar("Statement", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True, slots=True)
class Scope:
    """All suppliers, or those `only` selects; `con` is where their tags are worked out."""

    session: Session
    nomenclature: Nomenclature
    today: date
    con: Any
    only: Select[int] | None = None

    def among(self, statement: Statement, column: Any = Supplier.id) -> Statement:
        """The statement on the base, limited to these suppliers."""
        return statement if self.only is None else statement.where(column.in_(self.only))

    def gather(self) -> None:
        """Into DuckDB: supplier, and what goes with it."""
        pull(self.session, self.con, "supplier", self.among(select(*READ)))
        self.gather_beside()

    def gather_beside(self) -> None:
        """Into DuckDB: said, hint, inside, and an empty tag."""
        line = select(
            Supplier.id.label("supplier_id"), Mention.gone_on, Mention.name, Mention.other_names,
            cast(Mention.sectors, String).label("sectors"), Mention.description,
            cast(Mention.zone, String).label("zone"),
        )  # fmt: skip
        here = line.where(Mention.supplier_id == Supplier.id, Mention.firm == "")
        of_firm = line.where(Mention.firm == Supplier.siren, Mention.firm != "")
        pull(self.session, self.con, "said", union_all(self.among(here), self.among(of_firm)))
        hints = select(NafHint.naf, NafHint.segment, NafHint.weight)
        pull(self.session, self.con, "hint", hints)
        pull(self.session, self.con, "inside", select(Place.code).where(Place.in_territory))
        self.con.execute(TAGS)

    def give_rows(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Tags worked out one by one, in the order of TAG."""
        for chunk in db.chunks(rows, db.CHUNK):
            values = [list(column) for column in zip(*chunk, strict=True)]
            self.con.execute(
                "INSERT INTO tag SELECT unnest($1), unnest($2), unnest($3), unnest($4), "
                "unnest($5), unnest($6), unnest($7), unnest($8::DATE[])",
                values,
            )

    def rows(self, statement: Any) -> list[tuple[Any, ...]]:
        """What a statement over DuckDB's tables answers."""
        found: list[tuple[Any, ...]] = self.con.execute(spelled(statement)).fetchall()
        return found


def by_statements(
    compose: Callable[[], Iterable[Select[*tuple[Any, ...]]]],
) -> Callable[[Scope], None]:
    """A tagger from statements over DuckDB's supplier, said and tag, named as COLUMNS.

    They are the same whoever is in scope: composed once, which is longer than running them on few.
    """

    @cache
    def statements() -> list[str]:
        return [f"INSERT INTO tag BY NAME {spelled(statement)}" for statement in compose()]

    @wraps(compose)
    def tagger(scope: Scope) -> None:
        for statement in statements():
            scope.con.execute(statement)

    return tagger
