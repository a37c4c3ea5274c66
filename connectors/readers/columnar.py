"""Parquet, in a stream: the rows as text, numbered from 1 in the order of the file."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import IO, Any

import duckdb

from sourcing.source import Row, SourceError

BATCH = 2_048


def read(name: str, opener: Callable[[], IO[bytes]]) -> Iterator[Row]:
    """The rows of a parquet file; lists and objects stay JSON, as in a JSON file."""
    with closing(opener()) as file, closing(duckdb.connect()) as base:
        try:
            found = base.execute("SELECT * FROM read_parquet(?)", [file.name])
            columns = [column[0] for column in found.description]
            line = 0
            while rows := found.fetchmany(BATCH):
                for line, row in enumerate(rows, line + 1):  # noqa: B020 - goes on counting
                    yield Row(name, line, dict(zip(columns, map(_text, row), strict=True)))
        except duckdb.Error:
            raise SourceError(
                f"{name} : fichier parquet tronqué ou abîmé ; le télécharger à nouveau."
            ) from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str)
