"""Where the data come from."""

from flask import Flask
from sqlalchemy.orm import Session

from sourcing.model import Reject
from tests.webapp import invented
from tests.webapp.conftest import Visitor


def test_each_source_says_who_publishes_it_and_counts_its_rows(either: Flask) -> None:
    page = Visitor(either).read("/sources")
    assert "Répertoire Sirene" in page
    assert "Insee · Licence Ouverte 2.0" in page
    assert "1er\u00a0septembre\u00a02026" in page
    assert "<dt>rejetées</dt><dd>3</dd>" in page


def test_rejected_lines_are_told_with_their_reason(visitor: Visitor, base: Session) -> None:
    base.add(Reject(run_id=1, file="stock.csv", line=42, reason="SIRET à 13 chiffres"))
    base.commit()
    page = visitor.read("/sources")
    assert "SIRET à 13 chiffres" in page
    assert "colonne inconnue" in page


def test_a_refused_file_leaves_yesterdays_counts_and_says_so(
    visitor: Visitor, base: Session
) -> None:
    failed = invented.run("sirene", rows=0)
    failed.outcome = "refused"
    base.add(failed)
    base.commit()
    page = visitor.read("/sources")
    assert "n’a pas abouti" in page
    assert "<dt>gardées</dt><dd>60</dd>" in page
