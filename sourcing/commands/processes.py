"""The site in several processes: one interpreter does not use two cores."""

import os
import socket
import threading
from collections.abc import Callable

CORES_USED = 2


def usual() -> int:
    """As many as the machine has cores for, at most two; one where processes cannot be forked."""
    return min(CORES_USED, os.cpu_count() or 1) if hasattr(os, "fork") else 1


def listen(host: str, port: int) -> socket.socket:
    """The address every process answers; OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=512)


def serve(count: int, run: Callable[[], None]) -> None:
    """`run` in `count` processes, this one included; the others end with it, however it ends."""
    watched, held = os.pipe()
    for _ in range(count - 1):
        if os.fork() == 0:
            os.close(held)
            threading.Thread(target=_end_with_parent, args=(watched,), daemon=True).start()
            run()
            os._exit(0)
    run()


def _end_with_parent(watched: int) -> None:
    """Nothing is ever written: reading returns when the parent is gone and its end is closed."""
    os.read(watched, 1)
    os._exit(0)
