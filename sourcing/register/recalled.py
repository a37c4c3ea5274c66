"""What the base has of each siret, kept in columns beside it: asking it for a million rows is dear.

Derived from the base, and named by a token that is written with every digest: a file that is not
there, not whole, or of another state of the base is made again from it.
"""

import secrets
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.db.columns import pull
from sourcing.model import Setting, Supplier
from sourcing.register.stock_files import literal

TOKEN = "register_digests"  # noqa: S105
# Who is composed is what differs; of the others, those the files no longer hold lose their digest.
NOW = (
    "SELECT siret, digest FROM composed UNION ALL "
    "SELECT siret, digest FROM known ANTI JOIN composed USING (siret)"
)
STILL_THERE = " SEMI JOIN seen USING (siret)"


def read(session: Session, con: Any, folder: Path | None) -> None:
    """Into DuckDB's table `known`, the digest of what each siret of the base was made of."""
    token = session.get(Setting, TOKEN)
    if folder and token and _is_whole(con, path := _path(folder, token.value)):
        con.execute(f"CREATE TABLE known AS FROM {_scan(path)}")
        return
    wanted = select(Supplier.siret, Supplier.digest).where(Supplier.digest.is_not(None))
    pull(session, con, "known", wanted)


def keep(session: Session, con: Any, folder: Path | None, is_whole: bool) -> None:
    """What `read` will give once this transaction is committed; `is_whole`: of a whole register.

    Last of all: DuckDB's transaction ends with what it cannot write.
    """
    former, token = session.get(Setting, TOKEN), secrets.token_hex(8)
    if folder is not None:
        # Should the transaction be undone, the former state is the base's again.
        wanted = {_path(folder, former.value) if former else None, _path(folder, token)}
        _write(con, _path(folder, token), NOW + STILL_THERE * is_whole)
        for other in set(folder.glob(_path(folder, "*").name)) - wanted:
            other.unlink(missing_ok=True)
    session.merge(Setting(key=TOKEN, value=token))


def _write(con: Any, target: Path, rows: str) -> None:
    """Beside, then renamed; a full or read-only disk costs a slower month."""
    draft = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"COPY ({rows}) TO {literal(str(draft))} (FORMAT parquet)")
        draft.rename(target)
    except (OSError, duckdb.IOException):
        draft.unlink(missing_ok=True)


def _path(folder: Path, token: str) -> Path:
    return folder / f"register-{token}.parquet"


def _scan(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _is_whole(con: Any, path: Path) -> bool:
    """Read beside: what fails there does not undo what this connection has begun."""
    try:
        with con.cursor() as aside:
            aside.execute(f"SELECT max(siret), bit_xor(digest) FROM {_scan(path)}").fetchall()  # noqa: S608
    except duckdb.Error:
        return False
    return True
