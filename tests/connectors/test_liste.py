"""Any other list: what a CRESS or a club sends is read, and kept to its own name."""

from pathlib import Path

from connectors.liste import SOURCE
from connectors.readers import read
from sourcing.mapping import propose

SAMPLES = Path(__file__).parent / "samples"


def test_a_cress_style_list_is_understood_to_its_last_line() -> None:
    rows = list(read(SAMPLES / "liste__cress.csv"))
    mapping = propose(rows).mapping
    mapping.check()
    first, second, *_ = (mapping.apply(row) for row in rows[:-1])
    assert (first.name, first.siren, first.workers) == ("Les Jardins du Scorff", "900000100", "12")
    assert (first.address, first.postcode, first.commune) == ("3 rue de Kerlo", "56100", "LORIENT")
    assert first.sectors == ("Environnement", "Alimentation")
    assert second.statuses == ("ess:scop", "label:Qualiopi")
    assert rows[-1].values["_broken"] == "ligne de total"


def test_it_says_nothing_of_its_lines_by_itself() -> None:
    assert SOURCE.mapped_status == "" and SOURCE.parse is None
