"""Lists kept by name: sources of their own, told apart, renamed, compared with next year's file."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from sourcing.mapping import Always, Mapping, saved
from sourcing.mapping.saved import Origin
from sourcing.model import SavedMapping
from sourcing.source import AS_IT_LOOKS, Layout, Row, Source, SourceError

MAPPING = Mapping(
    {"Nom": "name", "Ville": "commune", "Type": "kind"},
    {"Type": {"Chantier école": "siae:ACI"}},
    Always(("innovation:Audélor",), ("NUM-01",), "56"),
)
ORIGIN = Origin("Entreprises innovantes", "Audélor", "Accord du 3 mars", "Source : Audélor", "")
READER = Source(
    "liste", "Autre liste", "", "", "", "list", (), read=lambda path: [Row(path.name, 2, {})],
    read_as=lambda path, layout: [Row(f"{path.name} {layout.sheet}{layout.header}", 2, {})],
)  # fmt: skip


def keep(
    session: Session, name: str = "Audélor 2026", layout: Layout = AS_IT_LOOKS
) -> SavedMapping:
    return saved.save(session, name, MAPPING, ORIGIN, ["Nom", "Ville", "Type", "Fax"], layout)


def test_a_list_is_kept_whole_under_its_name(session: Session) -> None:
    keep(session)
    session.expire_all()
    found = saved.load(session, " Audélor  2026 ")
    assert found is not None and saved.mapping_of(found) == MAPPING
    assert saved.load(session, "autre") is None
    source = saved.sources(session)["liste-audelor-2026"]
    assert (source.title, source.publisher, source.licence, source.attribution) == ORIGIN_SAID


ORIGIN_SAID = ("Entreprises innovantes", "Audélor", "Accord du 3 mars", "Source : Audélor")


def test_a_list_saved_again_stays_the_same_source(session: Session) -> None:
    first = keep(session)
    again = saved.save(session, "Audélor 2026", Mapping({"Nom": "name"}))
    assert again is first and again.columns == {"Nom": "name"}


def test_names_that_look_alike_are_two_sources(session: Session) -> None:
    names = ("CRESS (Bretagne)", "Cress Bretagne", "CRESS, Bretagne !")
    assert [keep(session, name).source for name in names] == [
        "liste-cress-bretagne", "liste-cress-bretagne-2", "liste-cress-bretagne-3",
    ]  # fmt: skip


def test_a_renamed_list_keeps_its_lines(session: Session) -> None:
    known = keep(session)
    saved.rename(session, known, "Audélor")
    session.flush()
    assert saved.load(session, "Audélor") is known
    assert known.source == "liste-audelor-2026"
    keep(session, "Club")
    with pytest.raises(SourceError, match="s'appelle déjà « Club »"):
        saved.rename(session, known, "Club")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_list_needs_a_name_a_person_can_read(session: Session, name: str) -> None:
    with pytest.raises(SourceError, match="80 caractères"):
        keep(session, name)


@pytest.mark.parametrize("address", ["club.csv", "file:///etc/passwd", "https://x.fr/{secret_key}"])
def test_a_list_is_only_downloaded_from_a_plain_address(session: Session, address: str) -> None:
    with pytest.raises(SourceError, match="sans espace ni accolade"):
        saved.save(session, "Club", MAPPING, Origin("Club", file_url=address))


def test_next_years_columns_are_compared(session: Session) -> None:
    found = saved.differences(keep(session), ["Nom", "Commune", "Type", "LinkedIn"])
    assert found.new == ("Commune", "LinkedIn")
    assert found.missing == ("Ville", "Fax")
    assert found.needed == ("Ville",)


def test_a_list_is_read_again_as_its_file_is_laid_out(session: Session) -> None:
    path = Path("club.xlsx")
    said = Layout(sheet="Anciens", header=4)
    for layout, file in ((said, "club.xlsx Anciens4"), (Layout(), "club.xlsx")):
        keep(session, layout=layout)
        session.expire_all()
        known = saved.load(session, "Audélor 2026")
        assert known is not None
        assert saved.layout_of(saved.draft_of(saved.as_json(known))) == layout
        read = saved.as_source(known, READER).read
        assert read is not None and next(iter(read(path))).file == file


def test_what_is_taken_away_says_everything(session: Session) -> None:
    said = saved.as_json(keep(session))
    assert said["columns"]["Type"] == "kind" and said["cells"]["Type"]
    assert said["attribution"] == "Source : Audélor"
