"""French writing of numbers, dates and identifiers."""

from datetime import date

from webapp import filters


def test_thousands_are_parted_and_zero_is_singular() -> None:
    assert filters.number(1234567) == "1\u202f234\u202f567"
    assert filters.count(0, "fournisseur") == "0\u00a0fournisseur"
    assert filters.count(2, "ligne rejetée") == "2\u00a0lignes rejetées"


def test_the_first_of_the_month_is_an_ordinal() -> None:
    assert filters.day(date(2026, 8, 1)) == "1er\u00a0août\u00a02026"
    assert filters.day(None) == "date inconnue"


def test_distances_have_a_comma_and_no_false_precision() -> None:
    assert filters.distance(3.44) == "3,4\u00a0km"
    assert filters.distance(27.6) == "28\u00a0km"


def test_identifiers_are_grouped_as_people_read_them() -> None:
    assert filters.siret("73282932000074") == "732\u00a0829\u00a0320\u00a000074"
    assert filters.phone("+33297000000") == "02\u00a097\u00a000\u00a000\u00a000"
    assert filters.phone("+3227000000") == "+3227000000"
