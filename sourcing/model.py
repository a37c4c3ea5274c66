"""Every table. One row per thing a person can name; what was true is marked, never deleted."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# A unit in partial diffusion; a person's name is then this, in the base and everywhere.
PARTIAL, MASKED = "P", "[Non diffusible]"
# Whoever works this far works everywhere in France.
NATIONAL_KM = 2_000.0
# The origin of a supplier the register knows.
REGISTER = "register"
# Settings that say when a source was last found unchanged: this, and its name.
CHECKED = "checked:"


# Compared and sorted byte by byte on both databases, whatever the server's language.
CODE = Text().with_variant(Text(collation="C"), "postgresql")


class Base(DeclarativeBase):
    type_annotation_map = {str: Text, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Setting(Base):
    """What the base knows of itself: origin (demo or real), territory name, data version."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Place(Base):
    """A commune of today. Contour is a GeoJSON geometry as text, '' when not loaded."""

    __tablename__ = "place"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # The name as compared: no accents, no hyphens, SAINT for ST.
    name_key: Mapped[str] = mapped_column(index=True)
    postcodes: Mapped[str] = mapped_column(default="")  # space-separated
    departement: Mapped[str] = mapped_column(default="", index=True)
    region: Mapped[str] = mapped_column(default="")
    epci: Mapped[str] = mapped_column(default="", index=True)
    population: Mapped[int | None]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    contour: Mapped[str] = mapped_column(default="")
    # 1 in the territory, 0 around it.
    in_territory: Mapped[bool] = mapped_column(default=False, index=True)


class OldPlace(Base):
    """A code of the past (merged, renumbered, delegated, arrondissement) and today's."""

    __tablename__ = "old_place"
    code: Mapped[str] = mapped_column(primary_key=True)
    name_key: Mapped[str] = mapped_column(default="")
    today: Mapped[str] = mapped_column(ForeignKey("place.code"), index=True)


class Run(Base):
    """One ingestion: what was read, kept, left out and why."""

    __tablename__ = "run"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    files: Mapped[list[Any]]  # [{name, sha256, shape}]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # done, refused (the source changed or shrank), failed
    outcome: Mapped[str] = mapped_column(default="")
    message: Mapped[str] = mapped_column(default="")
    rows: Mapped[int] = mapped_column(default=0)  # read
    kept: Mapped[int] = mapped_column(default=0)
    out_of_scope: Mapped[int] = mapped_column(default=0)  # not this source's subject
    outside: Mapped[int] = mapped_column(default=0)  # beyond the territory and its margin
    unplaced: Mapped[int] = mapped_column(
        default=0
    )  # no commune could be recognised; kept only with everywhere
    repeated: Mapped[int] = mapped_column(default=0)  # the same thing twice in the files
    rejected: Mapped[int] = mapped_column(default=0)
    # Beside the run before: new, saying something else, no longer there.
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    # Who took it in although a guard refused it, and nobody when none did.
    forced_by: Mapped[str] = mapped_column(default="")
    # The files were the whole source: what they did not hold had left it.
    is_whole: Mapped[bool] = mapped_column(default=False)
    # The territory it was read for: the same files say something else of another one.
    territory: Mapped[str] = mapped_column(default="")
    leftover: Mapped[list[Any]]  # columns read by nobody
    mapping: Mapped[dict[str, Any] | None]  # column -> field, for lists of unknown columns


class Reject(Base):
    """A line that could not be used, with its place in the file and the reason."""

    __tablename__ = "reject"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    file: Mapped[str]
    line: Mapped[int]
    reason: Mapped[str]


class Supplier(Base):
    """An establishment that can sell. Identity from the register when it has a siret there."""

    __tablename__ = "supplier"
    id: Mapped[int] = mapped_column(primary_key=True)
    # What URLs and exports use: the siret, or a stable digest for a supplier without one.
    uid: Mapped[str] = mapped_column(CODE, unique=True)
    siret: Mapped[str | None] = mapped_column(CODE, unique=True)
    siren: Mapped[str] = mapped_column(CODE, default="", index=True)
    # "register" or the name of the list that made it known.
    origin: Mapped[str]
    # Display name: enseigne, then usual name, then legal name; "[Non diffusible]" when masked.
    name: Mapped[str]
    legal_name: Mapped[str] = mapped_column(default="")
    # enseignes, usual names, acronym: " | "-separated
    other_names: Mapped[str] = mapped_column(default="")
    is_person: Mapped[bool] = mapped_column(default=False)
    is_head_office: Mapped[bool] = mapped_column(default=False)
    # "O" public, "P" partial: name (persons) and address masked everywhere.
    diffusion: Mapped[str] = mapped_column(default="O")
    # "A" open, "F" closed
    state: Mapped[str] = mapped_column(default="A")
    created_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    address: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    commune_code: Mapped[str] = mapped_column(CODE, default="", index=True)
    commune: Mapped[str] = mapped_column(default="")
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    # exact, street, approximate (an uncertain address), commune or '' (nowhere)
    precision: Mapped[str] = mapped_column(default="")
    naf: Mapped[str] = mapped_column(CODE, default="")  # "81.30Z", rev. 2
    naf25: Mapped[str] = mapped_column(default="")
    legal_form: Mapped[str] = mapped_column(default="")  # INSEE category, 4 digits
    size_code: Mapped[str] = mapped_column(default="")  # INSEE headcount band, "" unknown
    category: Mapped[str] = mapped_column(default="")  # PME, ETI, GE or ''
    is_ess: Mapped[bool | None]  # SIRENE flag
    is_mission: Mapped[bool | None]
    is_qpv: Mapped[bool | None]
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    first_seen: Mapped[date]
    # The register's: the day its line last differed; the run says when the file was last read.
    last_seen: Mapped[date]
    # The run that last wrote the register's facts.
    run_id: Mapped[int | None]
    # The day the register no longer knew it; the day its address changed there, and the old one.
    gone_on: Mapped[date | None]
    moved_on: Mapped[date | None]
    moved_from: Mapped[str] = mapped_column(default="")
    # Of the register's line as last composed: the same digest again changes nothing.
    digest: Mapped[int | None] = mapped_column(BigInteger)
    # The supplier its lines are now at; its address leads there. None: it stands for itself.
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"), index=True)


class Succession(Base):
    """An establishment that closed, and the one that took it over, as the register says."""

    __tablename__ = "succession"
    closed_siret: Mapped[str] = mapped_column(primary_key=True)
    successor_siret: Mapped[str] = mapped_column(primary_key=True)
    on: Mapped[date | None]


class DuplicateSiren(Base):
    """Two numbers the register gave to one firm; `siren` is the one it keeps."""

    __tablename__ = "duplicate_siren"
    siren: Mapped[str] = mapped_column(primary_key=True)
    duplicate: Mapped[str] = mapped_column(primary_key=True)


class Mention(Base):
    """One line of one list, cleaned; what it says stays apart from the register's facts."""

    __tablename__ = "mention"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    # The source's identifier, else a digest of siret, name, place and statuses.
    key: Mapped[str]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    file: Mapped[str]
    line: Mapped[int]
    first_seen: Mapped[date]
    last_seen: Mapped[date]
    gone_on: Mapped[date | None]
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"), index=True)
    # The SIREN of the firm it is attached to as a whole, supplier_id being one of the firm's sites;
    # '' when it is attached to that site.
    firm: Mapped[str] = mapped_column(default="", index=True)
    siret: Mapped[str] = mapped_column(default="", index=True)
    siren: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    other_names: Mapped[str] = mapped_column(default="")
    statuses: Mapped[list[Any]]
    # "siren": the list speaks of firms; such a line has its `firm` from the start, and no supplier.
    level: Mapped[str] = mapped_column(default="siret", server_default="siret")
    # The last day what it says holds.
    ends_on: Mapped[date | None]
    address: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    commune: Mapped[str] = mapped_column(default="")
    commune_code: Mapped[str] = mapped_column(default="")
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    precision: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    naf: Mapped[str] = mapped_column(default="")
    legal_form: Mapped[str] = mapped_column(default="")
    sectors: Mapped[list[Any]]
    description: Mapped[str] = mapped_column(default="")
    workers: Mapped[int | None]
    # Where it says it works, beyond its address: {"km": 50} or {"france": true}.
    zone: Mapped[dict[str, Any] | None]
    is_qpv: Mapped[bool | None]
    link: Mapped[str] = mapped_column(default="")
    # What cleaning had to say: [["siret", "zéro de tête rétabli"], …]
    problems: Mapped[list[Any]]
    # Of all that the line says: the same digest again changes nothing.
    digest: Mapped[int | None] = mapped_column(BigInteger)


class Alias(Base):
    """The uid of a supplier that is no more; it leads where the line that founded it now is."""

    __tablename__ = "alias"
    uid: Mapped[str] = mapped_column(primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"))


class Decision(Base):
    """What a person decided in one gesture: all its judgements; withdrawn whole, never erased."""

    __tablename__ = "decision"
    id: Mapped[int] = mapped_column(primary_key=True)
    # same, different, new, unsure, move, merge, bulk
    kind: Mapped[str]
    author: Mapped[str]  # a person's e-mail
    decided_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(default="")


class Judgement(Base):
    """A verdict on "is this mention that supplier?", with its reasons and author; never erased.

    A person may also say it of another mention, where no siret names the supplier.
    """

    __tablename__ = "judgement"
    __table_args__ = (Index("ix_judgement_standing", "author", "verdict", "withdrawn_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id"), index=True)
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"), index=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("mention.id"), index=True)
    verdict: Mapped[str]  # same, review, different; unsure from a person
    # siret: that site; siren: the firm it belongs to; duplicate: another SIREN of the same firm
    level: Mapped[str] = mapped_column(default="siret")
    score: Mapped[float]  # 0..1
    reasons: Mapped[list[Any]]  # French clauses, strongest first
    author: Mapped[str]  # "rules" or a person's e-mail
    decided_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    # A person's: the gesture it is part of, and what both lines said when she saw them.
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    seen: Mapped[dict[str, Any] | None]


class Finding(Base):
    """What the register answers to one line without siret, before anybody decides."""

    __tablename__ = "finding"
    mention_id: Mapped[int] = mapped_column(
        ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # Of what the line says: another digest must be asked again.
    digest: Mapped[str]
    verdict: Mapped[str]
    level: Mapped[str]
    # Best first: {"supplier", "probability", "firm", "speaks_for": [], "speaks_against": []}
    candidates: Mapped[list[Any]]


class Likeness(Base):
    """Two lines of lists that are like enough to name one structure; `one_id` has no siret."""

    __tablename__ = "likeness"
    one_id: Mapped[int] = mapped_column(
        ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    other_id: Mapped[int] = mapped_column(
        ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    score: Mapped[float]  # 0..1, of this pair alone
    # Nothing holds it back: the rules join the two.
    is_sure: Mapped[bool]
    reasons: Mapped[list[Any]]


class Tag(Base):
    """Something true of a supplier, why, at which level, and how strongly.

    Its size and what its NAF code hints at are not here: its own columns tell them (tagging.told).
    """

    __tablename__ = "tag"
    __table_args__ = (
        UniqueConstraint("supplier_id", "kind", "value", "source"),
        # Covering: a segment's suppliers and their weights are read without touching the table.
        Index("ix_tag_kind_value", "kind", "value", "supplier_id", "weight"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id", ondelete="CASCADE"))
    # segment, siae, insertion, handicap, ess, innovation, label, mission, qpv, public, noise
    kind: Mapped[str] = mapped_column(CODE)
    value: Mapped[str] = mapped_column(CODE)
    level: Mapped[str]  # siret or siren
    because: Mapped[str]  # one French clause
    source: Mapped[str] = mapped_column(CODE)  # source name, or "sirene"
    # The last day it holds; the day after, the supplier is to be tagged again.
    ends_on: Mapped[date | None]
    weight: Mapped[float] = mapped_column(default=1.0)


class NafHint(Base):
    """A segment that a NAF code hints at, as the nomenclature said when tags were last made."""

    __tablename__ = "naf_hint"
    naf: Mapped[str] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(primary_key=True)
    weight: Mapped[float]


class Stale(Base):
    """A supplier whose tags and index must be redone: written with what changed it, in the same
    transaction; emptied by tagging in its own.
    """

    __tablename__ = "stale"
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("supplier.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class Listing(Base):
    """The search index's narrow row: what filters, facets, sorting and map cells read."""

    __tablename__ = "listing"
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("supplier.id", ondelete="CASCADE"), primary_key=True
    )
    commune_code: Mapped[str] = mapped_column(CODE, index=True)
    in_territory: Mapped[bool]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    statuses: Mapped[int]  # bits, in the order of tagging.STATUSES
    families: Mapped[int]  # bits, one per segment family, in the order of segments.csv
    size: Mapped[int]  # index into tagging.SIZES, 0 unknown
    is_noise: Mapped[bool]  # hidden by default: closed, holding, landlord…
    # How far from its address it says it works, in kilometres; NATIONAL_KM for all of France.
    reach_km: Mapped[float | None]
    name_key: Mapped[str] = mapped_column(CODE, index=True)


class Geocode(Base):
    """Where the geocoding service puts an address: asked once, kept."""

    __tablename__ = "geocode"
    address: Mapped[str] = mapped_column(primary_key=True)
    postcode: Mapped[str] = mapped_column(primary_key=True)
    commune_code: Mapped[str] = mapped_column(primary_key=True)
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    # 0..1; 0 when nothing was found
    score: Mapped[float]
    # housenumber, street, locality, municipality
    kind: Mapped[str]
    asked_on: Mapped[date]


class Contract(Base):
    """A public contract awarded, as last published: one row per contract or lot."""

    __tablename__ = "contract"
    # 63 bits of `uid`, the same on every machine: a contract is written before it is looked up.
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # buyer's siret : the buyer's number : cpv (and the winner, when lots share all three)
    uid: Mapped[str]
    source: Mapped[str]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    # Of all it says: the same digest again changes nothing.
    digest: Mapped[int] = mapped_column(BigInteger)
    buyer_siret: Mapped[str]
    buyer_siren: Mapped[str] = mapped_column(index=True)
    buyer_name: Mapped[str]
    object: Mapped[str]
    # The object in capitals without accents, a space around each word.
    object_key: Mapped[str]
    cpv: Mapped[str] = mapped_column(index=True)  # 8 digits, '' unknown
    nature: Mapped[str]
    procedure: Mapped[str]
    techniques: Mapped[str]  # " | "-separated, like social and environmental
    # Postcode, commune, département… where it is carried out, as published.
    place_code: Mapped[str]
    months: Mapped[int | None]
    notified_on: Mapped[date | None] = mapped_column(index=True)
    published_on: Mapped[date | None]
    modified_on: Mapped[date | None]
    modifications: Mapped[int]
    # Excluding tax; the last amount known, and the first. None when absent or not believable.
    amount_eur: Mapped[float | None]
    initial_eur: Mapped[float | None]
    # Why the published amount is not believed, one French clause.
    amount_note: Mapped[str]
    offers: Mapped[int | None]
    is_innovative: Mapped[bool | None]
    # None: not published (before 2024); '': none; else "Clause sociale | Critère social"…
    social: Mapped[str | None]
    environmental: Mapped[str | None]
    # How many share the amount.
    winners: Mapped[int]
    # Our sub-segment of its object: None not looked at yet, '' none recognised.
    segment: Mapped[str | None] = mapped_column(index=True)
    segment_score: Mapped[float]


class ContractWinner(Base):
    """Who won a contract: as published, and the supplier it is."""

    __tablename__ = "contract_winner"
    contract_id: Mapped[int] = mapped_column(
        ForeignKey("contract.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    # SIRET, TVA, TAHITI, RIDET, FRWF, IREP, HORS-UE
    kind: Mapped[str]
    identifier: Mapped[str]
    siret: Mapped[str] = mapped_column(index=True)
    siren: Mapped[str] = mapped_column(index=True)
    # As published, kept only while the base has no supplier to name it.
    name: Mapped[str]
    supplier_id: Mapped[int | None] = mapped_column(
        ForeignKey("supplier.id", ondelete="SET NULL"), index=True
    )
    # siret: this very establishment; siren: another one of the firm; successor: who took over.
    level: Mapped[str]


class Registration(Base):
    """What a structure says of itself through the form, until and after the team has decided."""

    __tablename__ = "registration"
    id: Mapped[int] = mapped_column(primary_key=True)
    siret: Mapped[str] = mapped_column(index=True)
    answers: Mapped[dict[str, Any]]
    # pending, accepted, refused
    state: Mapped[str] = mapped_column(default="pending", index=True)
    received_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    mention_id: Mapped[int | None] = mapped_column(ForeignKey("mention.id"))


class SavedMapping(Base):
    """A list a person named: how its columns are read, and where it comes from."""

    __tablename__ = "saved_mapping"
    # The source its runs and mentions bear; stays when the name changes.
    source: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    columns: Mapped[dict[str, Any]]  # column -> field
    cells: Mapped[dict[str, Any]]  # column -> cell -> status, where a person decided
    always: Mapped[dict[str, Any]]  # what every line says: statuses, sectors, departement, level
    headers: Mapped[list[Any]]  # every column of the file it was made for
    sheet: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    publisher: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    attribution: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]


class Person(Base):
    """Someone who may sign in: administrator, buyer or reader."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    role: Mapped[str]  # admin, buyer, reader
    created_at: Mapped[datetime]


class SavedSearch(Base):
    """A search a person keeps by name, and who answered it when she last looked."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("person_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str]
    asked: Mapped[str]  # the address's arguments
    seen: Mapped[list[Any]]  # uids
    seen_at: Mapped[datetime]
    created_at: Mapped[datetime]
