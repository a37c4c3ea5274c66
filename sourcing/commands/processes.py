"""The site in several processes: one interpreter does not use two cores, and any of them may die.

The first process keeps: it loads the site, serves nobody, and puts another process, already
loaded, in the place of one that ends.
"""

import gc
import logging
import os
import socket
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)
CORES_USED = 2
BACKLOG = 512
# The first descriptor systemd hands over (sd_listen_fds).
HANDED_OVER = 3
# A process that ends sooner than this after its birth is replaced after as long.
SHORT_LIFE_S = 1.0


def usual() -> int:
    """As many as the machine has cores for, at most two; one where processes cannot be forked."""
    return min(CORES_USED, os.cpu_count() or 1) if hasattr(os, "fork") else 1


def listen(host: str, port: int) -> socket.socket:
    """The address every process answers; OSError when it is taken.

    systemd may have opened it: what comes while the site starts then waits instead of failing.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return socket.socket(fileno=HANDED_OVER)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def serve(count: int, run: Callable[[], None]) -> None:
    """`run` in `count` processes, each replaced when it ends; all end with this one."""
    if not hasattr(os, "fork"):
        run()
        return
    watched, held = os.pipe()
    # What is loaded stays shared: the collector would copy every page it marks.
    gc.collect()
    gc.freeze()
    born = {_part(run, watched, held): time.monotonic() for _ in range(count)}
    try:
        while True:
            ended, status = os.wait()
            _log.warning("process %d ended (%d), replaced", ended, status)
            if time.monotonic() - born.pop(ended) < SHORT_LIFE_S:
                time.sleep(SHORT_LIFE_S)
            born[_part(run, watched, held)] = time.monotonic()
    except KeyboardInterrupt:
        return


def _part(run: Callable[[], None], watched: int, held: int) -> int:
    """A process that runs; its number."""
    if number := os.fork():
        return number
    os.close(held)
    threading.Thread(target=_end_with_keeper, args=(watched,), daemon=True).start()
    try:
        run()
    finally:
        os._exit(0)


def _end_with_keeper(watched: int) -> None:
    """Nothing is ever written: reading returns when the keeper is gone and its end is closed."""
    os.read(watched, 1)
    os._exit(0)
