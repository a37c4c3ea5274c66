"""A site served as it is, for the time of a measure."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Site(NamedTuple):
    """Where it answers, and its process."""

    port: int
    pid: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(folder: Path | str, *command: str) -> Iterator[Site]:
    """`sourcing serve`, or this command, on this data folder, until the measure is done."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "sourcing", *(command or ("serve",)), "--port", str(port)],
        env=os.environ | {"SOURCING_DATA_DIR": str(folder)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port)
        yield Site(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the site did not start")
