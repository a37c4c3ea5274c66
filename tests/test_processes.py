"""The site in several processes: one answers as the other, and all end together."""

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import os, time
from sourcing.commands import processes
def run():
    print(os.getpid(), flush=True)
    time.sleep(60)
processes.serve(2, run)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes part by fork")
def test_a_site_killed_leaves_no_process_behind() -> None:
    site = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert site.stdout is not None
    pids = {int(site.stdout.readline()) for _ in range(2)}
    assert site.pid in pids
    assert len(pids) == 2
    os.kill(site.pid, signal.SIGKILL)
    site.wait()
    (other,) = pids - {site.pid}
    until = time.monotonic() + 5
    while is_alive(other) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(other)
