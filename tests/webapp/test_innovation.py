"""Who innovates in what: a page, its zero states and where it is said."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sourcing import segments, tagging
from sourcing.model import Mention
from tests.webapp.conftest import Visitor


def test_innovative_firms_stand_under_what_they_sell_with_the_empty_segments_said(
    visitor: Visitor,
) -> None:
    page = visitor.read("/innovation")
    first = page.split('class="answered"')[1]
    assert "segment=" in first and "/fournisseurs/" in first
    assert "Aucune entreprise innovante connue pour" in page
    assert "D’où cela vient" in page


def test_without_any_innovative_firm_the_page_says_so(visitor: Visitor, base: Session) -> None:
    base.execute(delete(Mention).where(Mention.source == "innovation"))
    tagging.tag(base, segments.load())
    base.commit()
    page = visitor.read("/innovation")
    assert "Aucune entreprise innovante n’est connue" in page
    assert "Voir les sources" in page
