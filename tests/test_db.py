"""Full text answers alike on both databases; the migrations make exactly the model's tables."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Base


def found(session: Session, *words: str, column: str = "", prefix: bool = False) -> list[int]:
    sql, values = db.text_match(session, words, "q", column=column, prefix=prefix)
    return sorted(session.scalars(text(sql), values))


def test_words_are_found_in_either_column_and_half_typed(session: Session) -> None:
    db.write_text(
        session, [(1, "feuille erable", "collecte papier"), (2, "jardin", "erable taille")]
    )
    assert found(session, "erable") == [1, 2]
    assert found(session, "erable", column="name") == [1]
    assert found(session, "erable", "tai", prefix=True) == [2]
    assert found(session, "erable", "tai") == []


def test_writing_again_replaces(session: Session) -> None:
    db.write_text(session, [(1, "ancien", "")])
    db.write_text(session, [(1, "nouveau", "")])
    assert found(session, "ancien") == []
    assert found(session, "nouveau") == [1]


def test_migrations_and_model_say_the_same(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: (
                    not (kind == "table" and str(name).startswith("supplier_text"))
                )
            },
        )
        assert compare_metadata(context, Base.metadata) == []
