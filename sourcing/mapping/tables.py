"""A table read under a mapping, in columns: what `Mapping.apply` gives of each of its rows."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sourcing.mapping.plan import Mapping, glued, reader
from sourcing.source import Parsed, Record, Table
from sourcing.source.texts import all_filled, stripped

# Fields that a single column gives as it is.
AS_IT_IS = frozenset(("siret", "address", "description"))
# Fields that say several things, or that the row alone can tell.
BY_ROW = frozenset(("full_address", "postcode_commune", "position", "kind", "labels"))


def of_table(mapping: Mapping, table: Table) -> Parsed:
    """Every line of the table; in columns when each field stands for itself."""
    plan, always, count = mapping.by_field, mapping.always, len(table.lines)
    if BY_ROW & plan.keys() or always.sectors or always.departement or "_lon" in table.columns:
        records = [mapping.apply(row) for row in table.rows()]
        names = [field.name for field in fields(Record)]
        return Parsed({f: [getattr(r, f) for r in records] for f in names}, set(), {})
    columns = {name: _read(name, given, table) for name, given in plan.items()}
    _cut_addresses(columns)
    columns["statuses"] = [tuple(dict.fromkeys(always.statuses))] * count
    columns["level"] = [always.level] * count
    return Parsed(columns, set(), {})


def _read(name: str, given: tuple[str, ...], table: Table) -> Sequence[Any]:
    """One field of every line; a text met often is read once."""
    texts = [stripped(table.columns.get(c) or [""] * len(table.lines)) for c in given]
    read = reader(name)
    if len(texts) > 1:
        cells = list(zip(*texts, strict=True))
        return (
            [read(given, c) for c in cells] if read else [next(filter(None, c), "") for c in cells]
        )
    if not read or name in AS_IT_IS:
        return texts[0]
    found = {text: read(given, (text,)) for text in set(texts[0])}
    return list(map(found.__getitem__, texts[0]))


def _cut_addresses(columns: dict[str, Sequence[Any]]) -> None:
    """Lines without a place, whose address ends with one."""
    addresses = columns.get("address", [])
    said = [columns[f] for f in ("postcode", "commune", "commune_code") if f in columns]
    if any(map(all_filled, said)):
        return
    found: dict[str, list[Any]] = {}
    for place, address in enumerate(addresses):
        if not address or any(values[place] for values in said):
            continue
        for name, value in glued({"address": address}).items():
            if name not in found:
                found[name] = list(columns.get(name, [""] * len(addresses)))
            found[name][place] = value
    columns.update(found)
