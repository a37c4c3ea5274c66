"""Mappings kept by name."""

from sqlalchemy.orm import Session

from sourcing.mapping import Mapping, load, save


def test_a_mapping_is_saved_by_name_and_found_again(session: Session) -> None:
    save(session, "audelor", Mapping({"N": "name", "V": "commune"}))
    save(session, "audelor", Mapping({"Nom": "name", "V": "commune"}))
    session.flush()
    again = load(session, "audelor")
    assert again is not None and again.columns == {"Nom": "name", "V": "commune"}
    assert load(session, "autre") is None
