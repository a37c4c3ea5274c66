"""Many rows of a file as records in columns: parsed, or refused with their line and reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from operator import attrgetter
from typing import Any

from sourcing import mapping
from sourcing.normalise.columns import DEFAULTS, FIRST, Columns, at
from sourcing.source import Fields, Record, Row, Table
from sourcing.source.texts import any_filled

Parse = Callable[[Row], Record | None]
FIELDS = tuple(each.name for each in fields(Record))
REST = frozenset(FIELDS) - FIRST
_VALUES_OF = attrgetter(*FIELDS)


@dataclass(slots=True)
class Lines:
    """Records of one file; a field that no record fills has no column."""

    file: str
    numbers: Sequence[int] = ()
    columns: Columns = field(default_factory=dict)
    # The fields left aside, read at some places only.
    later: Callable[[Sequence[int]], Columns] | None = None
    # Remarks of the reader, by place.
    notes: dict[int, str] = field(default_factory=dict)
    out_of_scope: int = 0
    rejects: list[tuple[str, int, str]] = field(default_factory=list)

    def at(self, chosen: Sequence[int]) -> Columns:
        """Every field of the lines at these places, which are in order."""
        return at(self.columns, chosen) | (self.later(chosen) if self.later else {})

    def refuse(self, line: int, reason: str) -> None:
        self.rejects.append((self.file, line, reason))


def parsed(rows: Sequence[Row], parse: Parse) -> Lines:
    """Rows of one file, each through `parse`."""
    lines = Lines(rows[0].file)
    numbers: list[int] = []
    records: list[Record] = []
    for row in rows:
        try:
            record = _parsed(row, parse)
        except ValueError as error:
            lines.refuse(row.line, str(error))
            continue
        if record is None:
            lines.out_of_scope += 1
            continue
        if note := row.values.get("_problem"):
            lines.notes[len(records)] = note
        numbers.append(row.line)
        records.append(record)
    lines.numbers = numbers
    columns = zip(FIELDS, zip(*map(_VALUES_OF, records), strict=True), strict=False)
    lines.columns = _filled({name: list(values) for name, values in columns})
    return lines


def of_table(table: Table, parse: Parse) -> Lines:
    """A table's lines, in columns from end to end where `parse` knows how."""
    if isinstance(parse, Fields):
        columns, out, refused = parse.of_table(table, FIRST)
    elif isinstance(parse, mapping.Mapping):
        columns, out, refused = mapping.of_table(parse, table)
    else:
        return parsed(list(table.rows()), parse)
    lines = Lines(table.file, table.lines, columns, out_of_scope=len(out))
    for place in sorted(refused.keys() - out):
        lines.refuse(table.lines[place], refused[place])
    if out or refused:
        kept = [i for i in range(len(table.lines)) if i not in out and i not in refused]
        table = table.at(kept)
        lines.numbers, lines.columns = table.lines, at(columns, kept)
    lines.columns = _filled(lines.columns)
    if isinstance(parse, Fields):
        lines.later = partial(_read_later, parse, table)
    return lines


def _read_later(parse: Fields, table: Table, chosen: Sequence[int]) -> Columns:
    return _filled(parse.of_table(table.at(chosen), REST).columns)


def _filled(columns: Columns) -> Columns:
    return {name: values for name, values in columns.items() if _is_filled(name, values)}


def _is_filled(name: str, values: Sequence[Any]) -> bool:
    default = DEFAULTS[name]
    # A no is an answer.
    is_text = not default and default is not None
    return any_filled(values) if is_text else any(value != default for value in values)


def _parsed(row: Row, parse: Parse) -> Record | None:
    if broken := row.values.get("_broken"):
        raise ValueError(broken)
    return parse(row)
