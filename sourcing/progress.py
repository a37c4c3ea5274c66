"""How far a long command is, in a file that a page reads while it works."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

# Written at most so often: a reader looks every second.
EVERY_S = 0.3

Step = Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class Advance:
    """What a command has done so far; `share` of the step, from 0 to 1; moments in ISO 8601."""

    state: Literal["running", "done", "failed"] = "running"
    step: str = ""
    share: float = 0.0
    # What is settled already, in the order it was said.
    lines: tuple[str, ...] = ()
    started_at: str = ""
    written_at: str = ""


class Report:
    """Writes an Advance, whole each time; without a path it says nothing to anyone."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.advance = Advance(started_at=_now())
        self._last = 0.0
        self._write()

    def step(self, label: str) -> Step:
        """A callback(done, total) for this step of the work."""
        self.advance = replace(self.advance, step=label, share=0.0)
        self._write()

        def tell(done: float, total: float) -> None:
            if time.monotonic() - self._last > EVERY_S:
                share = min(1.0, done / total) if total else 0.0
                self.advance = replace(self.advance, share=round(share, 3))
                self._write()

        return tell

    def say(self, line: str) -> None:
        self.advance = replace(self.advance, lines=(*self.advance.lines, line))
        self._write()

    def end(self, failure: str = "") -> None:
        """The command is over; `failure` says why it did not succeed."""
        lines = (*self.advance.lines, failure) if failure else self.advance.lines
        state: Literal["done", "failed"] = "failed" if failure else "done"
        self.advance = replace(self.advance, state=state, step="", share=1.0, lines=lines)
        self._write()

    def _write(self) -> None:
        if self.path is None:
            return
        self._last = time.monotonic()
        self.advance = replace(self.advance, written_at=_now())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.draft")
        draft.write_text(json.dumps(asdict(self.advance), ensure_ascii=False), "utf-8")
        draft.replace(self.path)


def read(path: Path) -> Advance | None:
    """What the file says, None when there is none (or nothing readable) yet."""
    try:
        said = json.loads(path.read_text("utf-8"))
        return Advance(**said | {"lines": tuple(said["lines"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _now() -> str:
    return datetime.now().isoformat(timespec="seconds")
