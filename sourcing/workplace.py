"""A folder on disk for what does not fit in memory, gone at the end, even of a killed process."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAMED = re.compile(r"sourcing-(\d+)-")


@contextmanager
def workplace() -> Iterator[Path]:
    """An empty folder; those that killed processes left behind are swept first."""
    for folder in Path(tempfile.gettempdir()).glob("sourcing-*-*"):
        owner = _NAMED.match(folder.name)
        if owner and not _is_alive(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"sourcing-{os.getpid()}-") as made:
        yield Path(made)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
