"""Full text answers alike on both databases; the migrations make exactly the model's tables."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.db.rebuild import PREFIX
from sourcing.model import Base
from tests.listed import index_words


def found(session: Session, *words: str, column: str = "", prefix: bool = False) -> list[int]:
    sql, values = db.text_match(session, words, "q", column=column, prefix=prefix)
    return sorted(session.scalars(text(sql), values))


def test_words_are_found_in_either_column_and_half_typed(session: Session) -> None:
    index_words(session, [(1, "feuille erable", "collecte papier"), (2, "jardin", "erable taille")])
    assert found(session, "erable") == [1, 2]
    assert found(session, "erable", column="name") == [1]
    assert found(session, "erable", "tai", prefix=True) == [2]
    assert found(session, "erable", "tai") == []
    assert found(session, "jardin", "taille") == [2]
    assert found(session, "taille", column="body") == [2]


def test_migrations_and_model_say_the_same(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: (
                    # A load that was rolled back leaves what it filled beside to the next one.
                    not (kind == "table" and str(name).startswith(("supplier_text", PREFIX)))
                )
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_only_one_process_fills_a_base_at_a_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "PATIENCE_S", 0)
    with db.filling(engine):
        assert db.is_filling(engine)
        with pytest.raises(db.DatabaseError, match="Une autre commande"), db.filling(engine):
            pass
    assert not db.is_filling(engine)


def test_a_migration_that_stops_halfway_leaves_nothing(tmp_path: Path) -> None:
    engine = db.connect(f"sqlite:///{tmp_path}/base.sqlite")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE place (code TEXT)"))
    with pytest.raises(OperationalError, match="already exists"):
        db.migrate(engine)
    assert inspect(engine).get_table_names() == ["place"]
    engine.dispose()
