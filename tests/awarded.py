"""Public contracts as the base holds them, and the firms that won them: all invented."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from sourcing.model import Contract, ContractWinner, Run, Supplier
from sourcing.normalise.text import fold
from tests.sirene_files import siret


def supplier(number: int, nic: int = 1, **values: object) -> Supplier:
    usual = {
        "uid": siret(number, nic), "siret": siret(number, nic), "siren": siret(number)[:9],
        "origin": "register", "name": f"FOURNISSEUR {number}", "legal_name": f"FIRME {number}",
        "first_seen": date(2026, 1, 1), "last_seen": date(2026, 1, 1),
    }  # fmt: skip
    return Supplier(**usual | values)


def award(session: Session, number: int, *won: str, **values: object) -> Contract:
    """A contract, and the establishments that won it."""
    usual = {
        "id": number, "uid": f"A:{number}:77310000", "source": "decp", "digest": 0,
        "buyer_siret": siret(50), "buyer_siren": siret(50)[:9], "buyer_name": "VILLE DE LORIENT",
        "object": "Entretien des espaces verts",
        "cpv": "77310000", "nature": "Marché", "procedure": "", "techniques": "",
        "place_code": "", "notified_on": date(2024, 5, 1), "modifications": 0,
        "amount_eur": 50_000.0, "amount_note": "", "winners": len(won), "segment_score": 0.0,
    }  # fmt: skip
    if session.query(Run).filter_by(source="decp").first() is None:
        session.add(
            Run(source="decp", files=[], leftover=[], started_at=datetime(2026, 9, 1, 8),
                finished_at=datetime(2026, 9, 1, 8), outcome="done")
        )  # fmt: skip
        session.flush()
    usual["run_id"] = session.query(Run.id).filter_by(source="decp").scalar()
    said = usual | values
    contract = Contract(**said, object_key=f" {fold(str(said['object']))} ")
    session.add(contract)
    session.flush()
    session.add_all(
        ContractWinner(contract_id=number, position=n, kind="SIRET", identifier=one, siret=one,
                       siren=one[:9], name="TEL QUE PUBLIÉ", level="")
        for n, one in enumerate(won)
    )  # fmt: skip
    session.flush()
    return contract
