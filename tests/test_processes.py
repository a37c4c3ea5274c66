"""The site in several processes: one answers as the other, one that dies is replaced."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

PROGRAM = """
import os, time
from sourcing.commands import processes
def run():
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(60)
processes.serve(2, run)
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes part by fork")


class Site(subprocess.Popen[str]):
    """The keeper, and what the serving processes print."""

    def numbers(self, count: int) -> set[int]:
        assert self.stdout is not None
        return {int(self.stdout.readline()) for _ in range(count)}


@pytest.fixture
def running() -> Iterator[Site]:
    site = Site([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    yield site
    site.kill()
    site.communicate()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_killed_is_replaced_and_the_other_stays(running: Site) -> None:
    one, other = running.numbers(2)
    assert running.pid not in {one, other}
    os.kill(one, signal.SIGKILL)
    assert not running.numbers(1) & {one, other, running.pid}
    assert is_alive(other) and not is_alive(one)


def test_a_site_killed_leaves_no_process_behind(running: Site) -> None:
    serving = running.numbers(2)
    running.kill()
    running.wait()
    until = time.monotonic() + 60
    while any(map(is_alive, serving)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(is_alive, serving))


def test_the_socket_systemd_opened_is_the_one_served() -> None:
    program = "from sourcing.commands.processes import listen; print(listen('', 1).getsockname())"
    handed = 'LISTEN_PID=$$ exec "$0" -c "$1" 3<&0'
    with socket.create_server(("127.0.0.1", 0)) as opened:
        served = subprocess.check_output(
            ["sh", "-c", handed, sys.executable, program], stdin=opened, text=True
        )
        assert served.strip() == str(opened.getsockname())
