"""Many rows of a file as records in columns: parsed, or refused with their line and reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter

from sourcing.normalise.columns import DEFAULTS, Columns
from sourcing.source import Record, Row

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
    lines.columns = {
        name: list(values)
        for name, values in columns
        if any(value != DEFAULTS[name] for value in values)
    }
    return lines


def _parsed(row: Row, parse: Parse) -> Record | None:
    if broken := row.values.get("_broken"):
        raise ValueError(broken)
    return parse(row)
