"""Words worked out in DuckDB are those worked out in Python; whole tables come and go intact."""

from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.db.columns import pull, push, table, workshop
from sourcing.db.rebuild import replaced
from sourcing.model import Base, Listing, Place, Stale, Supplier
from sourcing.normalise.columnar import teach
from sourcing.normalise.text import fold, words

# What names are made of, and what makes words of them less simple than they look.
PIECES = st.sampled_from(
    [*"abcdefgxyzSXLDQ0129 '`.&-/_éœÉñß²’", " l'", " qu'", "aux ", "eaux ", "ss ", "S.N.C.F. ",
     "A.B.", " travaux ", " LES ", "\t", "(", "🙂"]
)  # fmt: skip
DAY = date(2026, 9, 1)
MANY, FEW = duckdb.connect(), duckdb.connect()
teach(MANY)
teach(FEW, is_few=True)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_words_and_folds_are_the_same_in_duckdb(said: str) -> None:
    for con in (MANY, FEW):
        found = con.execute("SELECT words_of($1), folded($1)", [said]).fetchall()
        assert found == [(" ".join(words(said)), fold(said))]


def test_of_no_text_there_is_no_word() -> None:
    for con in (MANY, FEW):
        nothing = "SELECT words_of(t), folded(t) FROM (SELECT CAST(NULL AS VARCHAR) AS t)"
        assert con.execute(nothing).fetchall() == [(None, None)]


def places(session: Session) -> None:
    session.add_all(
        Place(code=code, name=name, name_key=name.upper(), lon=lon, in_territory=code == "56121")
        for code, name, lon in (("56121", 'L\'ÉTÉ, "FOU"\n', -10 / 3), ("56098", "", None))
    )
    session.flush()


def test_what_is_pulled_is_what_the_base_says(session: Session) -> None:
    places(session)
    wanted = select(Place.code, Place.name, Place.lon, Place.in_territory, Place.population)
    with workshop() as con:
        pull(session, con, "place", wanted.where(Place.name_key != "50 % de R'IEN"))
        assert con.execute("SELECT * FROM place ORDER BY code").fetchall() == [
            ("56098", "", None, False, None),
            ("56121", 'L\'ÉTÉ, "FOU"\n', -10 / 3, True, None),
        ]


def test_what_is_pushed_is_what_the_base_says(session: Session) -> None:
    rows = [("56121", 'L\'ÉTÉ, "FOU"\\\n', "", -3.5, True), ("56098", "", "A", None, False)]
    columns = ("code", "name", "name_key", "lon", "in_territory")
    with workshop() as con:
        kinds = "code VARCHAR, name VARCHAR, key VARCHAR, lon DOUBLE, inside BOOLEAN"
        table(con, "place", kinds, rows)
        same = dict.fromkeys(("postcodes", "departement", "region", "epci", "contour"), "'56'")
        push(session, con, "FROM place", "place", dict.fromkeys(columns, "") | same)
    found = session.execute(select(*(getattr(Place, name) for name in columns)))
    assert sorted(map(tuple, found)) == sorted(rows)
    assert session.scalars(select(Place.departement).distinct()).all() == ["56"]


def test_a_query_that_fails_half_way_is_an_error_not_a_short_table(session: Session) -> None:
    with workshop() as con, pytest.raises(duckdb.Error):
        sql = "SELECT CASE WHEN i < 90000 THEN 'a' ELSE error('cut') END, i FROM range(100000) t(i)"
        push(session, con, sql, "setting", ("value", "key"))


def supplier(session: Session, number: int) -> Supplier:
    found = Supplier(uid=str(number), siret=str(number), name="A", origin="register",
                     first_seen=DAY, last_seen=DAY)  # fmt: skip
    session.add(found)
    session.flush()
    return found


def test_a_table_others_refer_to_is_filled_without_its_indexes_and_has_all_back(
    session: Session,
) -> None:
    before = indexes(session, "supplier")
    with replaced(session, "supplier") as name:
        assert indexes(session, name) < before
        there = Base.metadata.tables["supplier"].to_metadata(MetaData(), name=name)
        said = {"origin": "register", "name": "A", "first_seen": DAY, "last_seen": DAY}
        session.execute(insert(there).values(id=7, uid="7", siret="7", **said))
    assert indexes(session, "supplier") == before
    session.add(Stale(supplier_id=7))
    session.flush()
    with pytest.raises(IntegrityError), session.begin_nested():
        supplier(session, 7)
    with pytest.raises(IntegrityError):
        session.execute(text("INSERT INTO stale (supplier_id) VALUES (8)"))


def test_a_table_replaced_keeps_its_indexes_its_references_and_none_of_its_rows(
    session: Session,
) -> None:
    first, second = supplier(session, 1), supplier(session, 2)
    take = "INSERT INTO {} VALUES (:id, '', true, NULL, NULL, 0, 0, 0, false, NULL, 'A')"
    columns = "supplier_id, commune_code, in_territory, lon, lat, statuses, families, size, "
    take = take.replace("{}", "{} (" + columns + "is_noise, reach_km, name_key)")
    session.execute(text(take.format("listing")), {"id": first.id})
    before = indexes(session, "listing")
    with replaced(session, "listing") as name:
        session.execute(text(take.format(name)), {"id": second.id})
    assert session.scalars(select(Listing.supplier_id)).all() == [second.id]
    assert indexes(session, "listing") == before
    session.delete(second)
    session.flush()
    assert session.scalars(select(Listing.supplier_id)).all() == []


def indexes(session: Session, name: str) -> set[str]:
    if db.is_sqlite(session):
        sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name AND sql > ''"
    else:
        sql = "SELECT indexdef FROM pg_indexes WHERE tablename = :name"
    return set(session.scalars(text(sql), {"name": name}))
