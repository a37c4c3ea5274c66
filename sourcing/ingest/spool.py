"""What waits on disk until a file has been read whole: memory does not grow with it."""

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from sourcing.ingest.kept import Kept


class Spool:
    """Things put aside on disk, given back one by one in order."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="sourcing-")  # noqa: SIM115 - lives as long as this

    def put(self, things: Sequence[object] | Kept) -> None:
        if things:
            pickle.dump(things, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Any]:
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            yield from pickle.load(self._file)  # noqa: S301 - written a moment ago by this process
