"""Labels from a list to the search: of a site or of its firm, until their last day."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors import epv, ess_france, i_lab, qualiopi, rfar, rge, sirene
from sourcing import linking, segments, suppliers
from sourcing.ingest import ingest, rejects
from sourcing.model import Mention, Place, Run, Stale, Supplier, Tag
from sourcing.search import Query, search
from sourcing.source import Source
from sourcing.tagging import note_expired, tag, tag_stale
from tests.sirene_base import know_territory
from tests.sirene_files import establishment, legal_unit, stock
from tests.sirene_files import siret as siret_of

NOMENCLATURE = segments.load()
TODAY = date(2026, 11, 23)
# One firm with two sites, another with one, a commune that carries a third.
SITES = (
    ("90000010000017", "JARDINS DU BLAVET", "5499"),
    ("90000010000025", "JARDINS DU BLAVET DEPOT", "5499"),
    ("00990001000019", "ATELIER DES GENETS", "5710"),
    ("21560000000018", "COMMUNE DES GENETS", "7210"),
)
Load = Callable[..., Run]


@pytest.fixture
def base(session: Session) -> Session:
    session.add(
        Place(
            code="56121",
            name="Lorient",
            name_key="LORIENT",
            postcodes="56100",
            departement="56",
            in_territory=True,
            lon=-3.37,
            lat=47.75,
        )
    )
    for siret, name, form in SITES:
        row = Supplier(siret=siret, uid=siret, siren=siret[:9], name=name, origin="register")
        row.commune_code, row.legal_form = "56121", form
        row.first_seen = row.last_seen = TODAY
        session.add(row)
    session.flush()
    return session


@pytest.fixture
def load(base: Session, tmp_path: Path) -> Load:
    """Ingest a source from the text of a file, then link and tag on the day."""

    def run(source: Source, text: str, today: date = TODAY) -> Run:
        path = tmp_path / f"{source.name}.csv"
        path.write_text(text, encoding="utf-8")
        done = ingest(base, source, [path])
        linking.link(base)
        tag(base, NOMENCLATURE, today=today)
        return done

    return run


def labels(session: Session, kind: str = "label") -> dict[tuple[str, str], Tag]:
    """(siret, value) -> tag."""
    found = select(Supplier.siret, Tag).join(Tag, Tag.supplier_id == Supplier.id)
    return {(str(s), t.value): t for s, t in session.execute(found.where(Tag.kind == kind))}


def rge_line(ends_on: str, code: str = "7131", siret: str = SITES[0][0]) -> str:
    return f"{siret},JARDINS DU BLAVET,{code},{ends_on},LORIENT,56100\n"


RGE = "siret,nom_entreprise,code_qualification,lien_date_fin,commune,code_postal\n"


def test_a_firms_label_is_on_each_of_its_sites_and_says_so(base: Session, load: Load) -> None:
    run = load(rfar.SOURCE, "SIREN;PERIMETRE\n900000100;France\n900000209;France\n")
    assert (run.kept, run.outside) == (1, 1)
    found = labels(base)
    assert {siret for siret, _ in found} == {SITES[0][0], SITES[1][0]}
    assert {t.level for t in found.values()} == {"siren"}
    assert base.scalar(select(func.count()).select_from(Supplier)) == len(SITES)
    assert base.scalars(select(Mention.supplier_id)).all() == [None]


def test_a_new_line_of_a_firm_puts_its_sites_in_the_queue(base: Session, tmp_path: Path) -> None:
    path = tmp_path / "rfar.csv"
    path.write_text("SIREN;PERIMETRE\n900000100;France\n")
    tag(base, NOMENCLATURE)
    ingest(base, rfar.SOURCE, [path])
    sites = select(Supplier.id).where(Supplier.siren == "900000100")
    assert set(base.scalars(select(Stale.supplier_id))) == set(base.scalars(sites))


def test_a_firm_the_register_brings_later_gets_what_lists_said_of_it(
    session: Session, tmp_path: Path
) -> None:
    """Without its list being read again, at the next tags."""
    know_territory(session)
    register = stock(tmp_path, [establishment(1)], [legal_unit(n) for n in (1, 2)])
    assert ingest(session, sirene.SOURCE, register, complete=True).outcome == "done"
    path = tmp_path / "rfar.csv"
    both = [siret_of(n)[:9] for n in (1, 2)]
    path.write_text("SIREN;PERIMETRE\n" + "".join(f"{siren};France\n" for siren in both))
    run = ingest(session, rfar.SOURCE, [path], complete=True)
    assert (run.kept, run.outside) == (1, 1)
    tag(session, NOMENCLATURE)
    for _ in range(2):
        later = stock(tmp_path, [establishment(1), establishment(2)],
                      [legal_unit(n) for n in (1, 2)])  # fmt: skip
        assert ingest(session, sirene.SOURCE, later, complete=True).outcome == "done"
        tag_stale(session, NOMENCLATURE)
        found = labels(session)
        assert {key: t.level for key, t in found.items()} == {
            (siret_of(1), "RFAR"): "siren", (siret_of(2), "RFAR"): "siren",
        }  # fmt: skip
    news = session.scalars(select(Mention).where(Mention.firm == both[1])).one()
    assert (news.source, news.file, news.line, news.run_id) == ("rfar", "rfar.csv", 3, run.id)
    path.write_text(f"SIREN;PERIMETRE\n{both[0]};France\n")
    ingest(session, rfar.SOURCE, [path], complete=True)
    tag_stale(session, NOMENCLATURE)
    assert list(labels(session)) == [(siret_of(1), "RFAR")]


def test_a_firms_line_is_told_on_the_sheet_of_its_sites(base: Session, load: Load) -> None:
    load(rfar.SOURCE, "SIREN;PERIMETRE\n9900010;Siège\n")
    by_siret = {s.siret: s for s in base.scalars(select(Supplier))}
    assert [m.source for m in suppliers.mentions(base, by_siret[SITES[2][0]])] == ["rfar"]
    assert suppliers.mentions(base, by_siret[SITES[0][0]]) == []


def test_a_lost_zero_and_a_missing_siren_in_a_list_of_firms(base: Session, load: Load) -> None:
    run = load(rfar.SOURCE, "SIREN;PERIMETRE\n9900010;Siège\n;Siège\n123456789;Siège\n")
    assert (run.kept, run.rejected) == (1, 2)
    assert [(r.line, r.reason) for r in rejects(base, run)] == [
        (3, "aucun SIREN sur cette ligne"),
        (4, "SIREN « 123456789 » : clé de contrôle fausse, sans doute une faute de frappe"),
    ]


def test_an_expired_qualification_says_nothing_more(base: Session, load: Load) -> None:
    lines = rge_line("2026-11-22") + rge_line("2027-01-31", "5911")
    run = load(rge.SOURCE, RGE + lines)
    assert run.kept == 2
    found = labels(base)[SITES[0][0], "RGE"]
    assert (found.level, found.ends_on) == ("siret", date(2027, 1, 31))
    assert found.because == "RGE d'après annuaire RGE de l'ADEME, jusqu'au 31/01/2027"
    tag(base, NOMENCLATURE, today=date(2027, 2, 1))
    assert labels(base) == {}


def test_the_day_after_its_last_a_label_puts_its_holder_in_the_queue(
    base: Session, load: Load
) -> None:
    load(rge.SOURCE, RGE + rge_line("2026-11-30"))
    note_expired(base, date(2026, 11, 30))
    assert base.scalars(select(Stale.supplier_id)).all() == []
    note_expired(base, date(2026, 12, 1))
    note_expired(base, date(2026, 12, 1))
    holder = base.scalar(select(Supplier.id).where(Supplier.siret == SITES[0][0]))
    assert base.scalars(select(Stale.supplier_id)).all() == [holder]


def test_a_sites_own_label_is_not_its_sisters(base: Session, load: Load) -> None:
    load(rge.SOURCE, RGE + rge_line("2099-12-31"))
    assert [siret for siret, _ in labels(base)] == [SITES[0][0]]


def test_being_a_training_body_is_not_being_certified(base: Session, load: Load) -> None:
    columns = "siren;certifications_actionsdeformation;certifications_vae\n"
    run = load(qualiopi.SOURCE, columns + "900000100;true;false\n009900010;false;false\n")
    assert (run.kept, run.out_of_scope) == (1, 1)
    assert {siret for siret, _ in labels(base)} == {SITES[0][0], SITES[1][0]}


def test_ess_france_tells_the_family_and_never_of_a_public_body(base: Session, load: Load) -> None:
    text = "SIREN,Famille juridique de l'entreprise\n9900010,Coopérative\n215600000,Association\n"
    load(ess_france.SOURCE, text)
    found = labels(base, "ess")
    assert list(found) == [(SITES[2][0], "cooperative")]
    assert found[SITES[2][0], "cooperative"].because == "coopérative d'après ESS France"


def test_a_malformed_siret_is_told_and_one_without_name_needs_a_known_siret(
    base: Session, load: Load
) -> None:
    run = load(epv.SOURCE, f"SIRET\n{SITES[2][0]}\n90000020900016\n9000002090001X\n")
    assert (run.kept, run.unplaced, run.rejected) == (1, 1, 1)
    assert "SIRET « 9000002090001X »" in rejects(base, run)[0].reason
    assert list(labels(base)) == [(SITES[2][0], "EPV")]


def test_a_laureate_is_the_firm_when_its_siren_is_known(base: Session, load: Load) -> None:
    text = "libelle_entreprise;ndeg_siren;ndeg_siret\nATELIER;9900010;\nSANS NUMERO;;\n"
    run = load(i_lab.SOURCE, text)
    assert (run.kept, run.unplaced) == (1, 1)
    assert labels(base, "innovation")[SITES[2][0], "i-Lab"].level == "siren"


def test_labels_are_a_facet_of_their_own(base: Session, load: Load) -> None:
    load(rfar.SOURCE, "SIREN;PERIMETRE\n900000100;France\n")
    load(rge.SOURCE, RGE + rge_line("2099-12-31"))
    page = search(base, NOMENCLATURE, Query(labels=("rge",)))
    assert [hit.siret for hit in page.hits] == [SITES[0][0]]
    held = {label.code: label.level for label in page.hits[0].labels}
    assert held == {"rge": "siret", "rfar": "siren"}
    (facet,) = [f for f in page.facets if f.name == "label"]
    counts = {o.value: o.count for o in facet.options}
    assert (counts["rge"], counts["rfar"], counts["bio"]) == (1, 2, 0)
    assert "rge" not in page.hits[0].statuses


def test_a_label_is_evidence_of_what_its_holder_sells(base: Session, load: Load) -> None:
    columns = RGE.strip() + ",domaine\n"
    load(rge.SOURCE, columns + rge_line("2099-12-31").strip() + ",Poêle ou insert bois\n")
    load(qualiopi.SOURCE, "siren,certifications_actionsdeformation\n900000100,true\n")
    sold = select(Tag.value, Tag.weight, Tag.because, Tag.ends_on)
    sold = sold.join(Supplier, Supplier.id == Tag.supplier_id)
    sold = sold.where(Tag.kind == "segment", Supplier.siret == SITES[0][0]).order_by(Tag.value)
    stove, training = base.execute(sold).all()
    assert stove[:2] == ("BAT-07", 0.9) and "RGE : Poêle ou insert bois" in stove.because
    assert stove.ends_on == date(2099, 12, 31)
    assert training[:2] == ("RH-01", 0.8)
