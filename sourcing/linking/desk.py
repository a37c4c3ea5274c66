"""A desk: a connection kept for questions of a few lines, whose statements are planned once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from sourcing.linking.sql import DEAR, READS

# What a line may say; a missing column is read as empty everywhere. `other` is " | "-separated.
COLUMNS = (
    "name",
    "other",
    "siret",
    "siren",
    "address",
    "postcode",
    "town",
    "town_code",
    "phone",
    "email",
    "website",
)
# Up to so many lines are handed over as parameters.
FEW = 200

Columns = Mapping[str, Sequence[str]]
Statement = tuple[str, list[Any]]


class File(NamedTuple):
    """Lines that only the column engine reads: a CSV, and which of its columns is each of ours."""

    path: Path
    columns: Mapping[str, str]


class Desk:
    """Tables that are made with the first lines, and filled and emptied from then on."""

    def __init__(self, duck: Any, steps: Mapping[str, str]) -> None:
        self.duck, self.steps, self.uses = duck, steps, 0
        # For a few lines, planning costs more than doing, and waking a thread more than its work.
        duck.execute("PRAGMA disable_optimizer; SET threads = 1")

    def read(self, columns: Columns) -> dict[str, dict[str, Any]]:
        """What READS tell of these lines."""
        self.uses += 1
        if self.uses == 1:
            return self._first(columns)
        if self.uses == 2:
            self._plan()
        sql, values = raw(self.duck, columns)
        # What is asked is never committed: the tables are empty again.
        self.duck.execute("BEGIN")
        try:
            self.duck.execute(f"INSERT INTO raw {sql}", values)
            for table in self.steps:
                if self._is_needed(table, f"EXECUTE need_{table}"):
                    self.duck.execute(f"EXECUTE fill_{table}")
            return {name: self._told(f"EXECUTE read_{name}") for name in READS}
        finally:
            self.duck.execute("ROLLBACK")

    def _first(self, columns: Columns) -> dict[str, dict[str, Any]]:
        create(self.duck, "raw", *raw(self.duck, columns))
        for table, sql in self.steps.items():
            need, empty = DEAR.get(table, ("", ""))
            create(self.duck, table, sql if self._is_needed(table, need) else empty)
        return {name: self._told(sql) for name, sql in READS.items()}

    def _plan(self) -> None:
        for table in ("raw", *self.steps):
            create(self.duck, table, f"FROM {table} LIMIT 0")
        for table, sql in self.steps.items():
            self.duck.execute(f"PREPARE fill_{table} AS INSERT INTO {table} {sql}")
        for name, sql in READS.items():
            self.duck.execute(f"PREPARE read_{name} AS {sql}")
        for name, (need, _) in DEAR.items():
            self.duck.execute(f"PREPARE need_{name} AS {need}")

    def _is_needed(self, table: str, sql: str) -> bool:
        return table not in DEAR or bool(self.duck.execute(sql).fetchone()[0])

    def _told(self, sql: str) -> dict[str, Any]:
        told: dict[str, Any] = self.duck.execute(sql).fetchnumpy()
        return told


def create(duck: Any, table: str, sql: str, values: Sequence[Any] = ()) -> None:
    """Make a table of the connection's own."""
    duck.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {sql}", list(values))


def raw(duck: Any, columns: Columns | File) -> Statement:
    """The SELECT, and its parameters, that gives these lines as they are."""
    if isinstance(columns, File):
        return _of_file(columns)
    count = len(columns["name"])
    said = {name: columns[name] for name in COLUMNS if name in columns}
    if count <= FEW:
        listed = _listed("unnest(range(?)) AS line", "unnest(?::VARCHAR[]) AS {0}", said)
        return f"SELECT {listed}", [count, *(list(column) for column in said.values())]
    texts = {name: np.array(column, dtype=object) for name, column in said.items()}
    duck.register("asked", {"line": np.arange(count), **texts})
    return f"SELECT {_listed('line', '{0}', said)} FROM asked", []  # noqa: S608


def _of_file(file: File) -> Statement:
    said = [
        f"""coalesce("{file.columns[name]}", '') AS {name}""" if name in file.columns
        else f"'' AS {name}" for name in COLUMNS
    ]  # fmt: skip
    return (
        f"SELECT row_number() OVER () - 1 AS line, {', '.join(said)} FROM read_csv(?, "  # noqa: S608
        """delim = ',', quote = '"', escape = '"', header = true, all_varchar = true, """
        "strict_mode = false, "
        "null_padding = true, parallel = false)",
        [str(file.path)],
    )


def texts(file: File, name: str) -> NDArray[Any]:
    """What each line of a file says in one of our columns."""
    with duckdb.connect() as duck:
        create(duck, "raw", *raw(duck, file))
        said = duck.execute(f"SELECT {name} FROM raw ORDER BY line").fetchnumpy()  # noqa: S608
        return np.asarray(said[name], dtype=object)


def _listed(line: str, said: str, columns: Columns) -> str:
    every = (said.format(name) if name in columns else f"'' AS {name}" for name in COLUMNS)
    return ", ".join([line, *every])
