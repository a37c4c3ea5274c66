"""Real commands as processes of their own, without paying Python's start each time.

A process that has imported everything and learned the words of needs waits here; each command is a
child it forks, which can be killed as any other.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path


class Nursery:
    """Starts `sourcing` commands; one at a time."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"], cwd=root, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        self._answer()

    def start(self, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> int:
        """The command's process; `end` must be asked for before the next one."""
        assert self.process.stdin
        said = {"arguments": list(arguments), "env": dict(env), "log": str(log)}
        self.process.stdin.write(json.dumps(said) + "\n")
        self.process.stdin.flush()
        return int(self._answer())

    def end(self) -> int:
        """The exit code of the command, minus the signal that killed it."""
        return int(self._answer())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


def _serve() -> None:
    from connectors import load_all
    from sourcing import segments
    from sourcing.cli import MODULES, main

    for module in MODULES:
        import_module(f"sourcing.commands.{module}")
    import_module("sourcing.db.migrating")
    load_all()
    segments.load().from_sector("Entretien des espaces verts et autres")
    print("ready", flush=True)
    for line in sys.stdin:
        said = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ.update(said["env"])
            out = os.open(said["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream in (1, 2):
                os.dup2(out, stream)
            sys.argv = ["sourcing", *said["arguments"]]
            main()
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _serve()
