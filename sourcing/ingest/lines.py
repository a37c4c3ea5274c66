"""Many rows of a file as records in columns: parsed, or refused with their line and reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from sourcing import mapping
from sourcing.normalise.columns import DEFAULTS, Columns
from sourcing.source import Fields, Record, Row, Table

Parse = Callable[[Row], Record | None]
FIELDS = tuple(each.name for each in fields(Record))
_VALUES_OF = attrgetter(*FIELDS)


@dataclass(slots=True)
class Lines:
    """Records of one file; a field that no record fills has no column."""

    file: str
    numbers: list[int] = field(default_factory=list)
    columns: Columns = field(default_factory=dict)
    # Remarks of the reader, by place.
    notes: dict[int, str] = field(default_factory=dict)
    out_of_scope: int = 0
    rejects: list[tuple[str, int, str]] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        self.rejects.append((self.file, line, reason))


def parsed(rows: Sequence[Row], parse: Parse) -> Lines:
    """Rows of one file, each through `parse`."""
    lines = Lines(rows[0].file)
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
        lines.numbers.append(row.line)
        records.append(record)
    columns = zip(FIELDS, zip(*map(_VALUES_OF, records), strict=True), strict=False)
    lines.columns = {name: list(values) for name, values in columns if _is_filled(name, values)}
    return lines


def of_table(table: Table, parse: Parse) -> Lines:
    """A table's lines, in columns from end to end where `parse` knows how."""
    if isinstance(parse, Fields):
        columns, out, refused = parse.of_table(table)
    elif isinstance(parse, mapping.Mapping):
        columns, out, refused = mapping.of_table(parse, table)
    else:
        return parsed(list(table.rows()), parse)
    lines = Lines(table.file, list(table.lines), columns, out_of_scope=len(out))
    for place in sorted(refused.keys() - out):
        lines.refuse(table.lines[place], refused[place])
    if out or refused:
        kept = [i for i in range(len(table.lines)) if i not in out and i not in refused]
        lines.numbers = [table.lines[i] for i in kept]
        lines.columns = {name: [v[i] for i in kept] for name, v in columns.items()}
    lines.columns = {name: v for name, v in lines.columns.items() if _is_filled(name, v)}
    return lines


def _is_filled(name: str, values: Sequence[Any]) -> bool:
    default = DEFAULTS[name]
    return any(values) if not default else any(value != default for value in values)


def _parsed(row: Row, parse: Parse) -> Record | None:
    if broken := row.values.get("_broken"):
        raise ValueError(broken)
    return parse(row)
