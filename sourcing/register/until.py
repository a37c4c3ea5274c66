"""Until which day the register is known, and where: what changed since can be asked for alone."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.orm import Session

from sourcing.model import Setting

KNOWN_UNTIL = "register_until"
# The register's own column of the day it last touched an establishment.
TOUCHED = "treated_on"
EVERYWHERE = "*"


def note(session: Session, con: Any, columns: Mapping[str, str], codes: Collection[str]) -> None:
    """Remember the last day the table `seen` was touched, when it says it; no codes: everywhere."""
    touched = columns.get(TOUCHED, "NULL::DATE")
    last = f"SELECT max(day)::VARCHAR FROM (SELECT {touched} AS day FROM seen)"  # noqa: S608
    (day,) = con.execute(f"{last} WHERE day <= current_date").fetchone()
    if day:
        value = json.dumps({"day": day, "communes": _digest(codes)})
        session.merge(Setting(key=KNOWN_UNTIL, value=value))


def since(session: Session, codes: Collection[str]) -> str:
    """The day (ISO) from which changes are to be asked for in these communes, '' if all must be."""
    setting = session.get(Setting, KNOWN_UNTIL)
    known = json.loads(setting.value) if setting else {}
    is_here = known.get("communes") in (EVERYWHERE, _digest(codes))
    return str(known["day"]) if is_here else ""


def _digest(codes: Collection[str]) -> str:
    said = " ".join(sorted(codes))
    return hashlib.sha256(said.encode()).hexdigest()[:16] if codes else EVERYWHERE
