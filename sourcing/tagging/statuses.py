"""What can be said of a supplier: statuses and their bits, sizes, ESS families, noise. Tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """A status a buyer filters on; `kinds`: the tags that give it, (kind, value or "" for any)."""

    code: str
    label: str
    bit: int
    kinds: tuple[tuple[str, str], ...]
    # The rule, in one French sentence a buyer can quote.
    rule: str

    @property
    def is_label(self) -> bool:
        """Granted by somebody and held until a day, where a status is what the structure is."""
        return self.kinds[0][0] == "label"


@dataclass(frozen=True, slots=True)
class Size:
    """A headcount band as buyers think of it, and the INSEE bands it gathers."""

    code: str
    label: str
    bands: tuple[str, ...]


_STATUSES: tuple[tuple[str, str, tuple[tuple[str, str], ...], str], ...] = (
    (
        "siae",
        "Insertion (SIAE)",
        (("siae", ""),),
        "Entreprise d'insertion, chantier, association intermédiaire ou intérim d'insertion "
        "conventionné, d'après les listes (marché réservable, article L2113-13).",
    ),
    (
        "ea",
        "Entreprise adaptée (EA)",
        (("handicap", "EA"), ("handicap", "EATT"), ("handicap", "EAPE")),
        "Entreprise adaptée d'après les listes (marché réservable, article L2113-12).",
    ),
    (
        "esat",
        "ESAT",
        (("handicap", "ESAT"),),
        "Établissement d'accompagnement par le travail d'après les listes (marché réservable, "
        "article L2113-12).",
    ),
    (
        "ess",
        "Économie sociale et solidaire (ESS)",
        (("ess", ""),),
        "Forme juridique de l'ESS, champ ESS de SIRENE, liste d'ESS France, agrément ESUS, ou "
        "structure d'insertion ou adaptée ; jamais une personne publique.",
    ),
    (
        "innovation",
        "Innovation",
        (("innovation", ""),),
        "Présente dans une liste d'entreprises innovantes, ou lauréate du concours i-Lab.",
    ),
    (
        "insertion",
        "GEIQ et prison (non SIAE)",
        (("insertion", ""),),
        "Groupement d'employeurs pour l'insertion ou production en prison : ce n'est pas une SIAE.",
    ),
    ("mission", "Société à mission", (("mission", ""),), "Champ « société à mission » de SIRENE."),
    (
        "qpv",
        "Quartier prioritaire (QPV)",
        (("qpv", ""),),
        "Adresse dans un quartier prioritaire de la politique de la ville.",
    ),
    (
        "public",
        "Organisme public",
        (("public", ""),),
        "Personne morale de droit public, d'après sa forme juridique, son SIREN ou son nom.",
    ),
    ("tpe", "TPE", (("size", "TPE"),), "Moins de 10 salariés, hors groupe plus grand."),
    (
        "pme",
        "PME",
        (("size", "PME"),),
        "Catégorie PME de l'INSEE, ou de 10 à 249 salariés quand elle manque.",
    ),
    (
        "eti",
        "ETI",
        (("size", "ETI"),),
        "Catégorie ETI de l'INSEE, ou de 250 à 4 999 salariés quand elle manque.",
    ),
    (
        "ge",
        "Grande entreprise",
        (("size", "GE"),),
        "Catégorie GE de l'INSEE, ou 5 000 salariés et plus quand elle manque.",
    ),
    (
        "esus",
        "ESUS (utilité sociale)",
        (("label", "ESUS"),),
        "Entreprise solidaire d'utilité sociale : agrément du préfet à l'entreprise entière.",
    ),
    (
        "rge",
        "RGE (rénovation énergétique)",
        (("label", "RGE"),),
        "Reconnu garant de l'environnement : une qualification en cours, pour cet établissement.",
    ),
    (
        "bio",
        "Agriculture biologique",
        (("label", "Bio"),),
        "Opérateur dont un certificat bio est engagé d'après l'Agence Bio.",
    ),
    (
        "epv",
        "Entreprise du patrimoine vivant (EPV)",
        (("label", "EPV"),),
        "Label d'État à un savoir-faire d'excellence, pour cet établissement.",
    ),
    (
        "qualiopi",
        "Qualiopi (formation)",
        (("label", "Qualiopi"),),
        "Organisme de formation certifié Qualiopi, pour l'entreprise entière.",
    ),
    (
        "rfar",
        "Relations fournisseurs et achats responsables (RFAR)",
        (("label", "RFAR"),),
        "Label du Médiateur des entreprises, pour l'entreprise entière.",
    ),
)
STATUSES = tuple(
    Status(code, label, 1 << place, kinds, rule)
    for place, (code, label, kinds, rule) in enumerate(_STATUSES)
)

SIZES = (
    Size("", "Effectif inconnu", ("",)),
    Size("0", "Sans salarié", ("NN", "00")),
    Size("1-9", "1 à 9 salariés", ("01", "02", "03")),
    Size("10-19", "10 à 19 salariés", ("11",)),
    Size("20-49", "20 à 49 salariés", ("12",)),
    Size("50-99", "50 à 99 salariés", ("21",)),
    Size("100-249", "100 à 249 salariés", ("22", "31")),
    Size("250+", "250 salariés et plus", ("32", "41", "42", "51", "52", "53")),
)
SIZE_OF_BAND = {band: place for place, size in enumerate(SIZES) for band in size.bands}
# INSEE bands by the category they imply when INSEE gives none.
TPE_BANDS = ("NN", "00", "01", "02", "03")
PME_BANDS = ("11", "12", "21", "22", "31")
ETI_BANDS = ("32", "41", "42", "51")
GE_BANDS = ("52", "53")

# value, what a person reads, legal forms (INSEE category)
ESS_FAMILIES = (
    (
        "association",
        "association",
        ["9210", "9220", "9221", "9222", "9223", "9224", "9230", "9240", "9260", "5195"],
    ),
    ("fondation", "fondation", ["9300"]),
    ("mutuelle", "mutuelle", ["8210", "8250", "8290", "6411"]),
    ("scop", "coopérative de production (SCOP)", ["5458", "5558", "5658"]),
    ("cooperative", "coopérative", [
        "5191", "5192", "5193", "5194", "5196", "5203", "5307", "5309", "5443", "5451", "5453",
        "5454", "5455", "5459", "5460", "5543", "5547", "5551", "5552", "5553", "5554", "5555",
        "5559", "5560", "5643", "5647", "5651", "5652", "5653", "5654", "5655", "5659", "5660",
        "6316", "6317", "6318", "6543", "6551", "6554", "6558", "6560", "6595", "6596",
    ]),
)  # fmt: skip

# The same families as a list writes them, then those that only lists know.
ESS_LABELS = {value: label for value, label, _ in ESS_FAMILIES} | {
    "ess": "structure de l'ESS",
    "company": "société de l'ESS",
    "esus": "entreprise solidaire d'utilité sociale",
}

# What a structure is says what it sells: it puts people at its customers' disposal.
STAFFING_KINDS = frozenset(
    (
        ("siae", "AI"),
        ("siae", "ETTI"),
        ("siae", "EITI"),
        ("handicap", "EATT"),
        ("insertion", "GEIQ"),
    )
)
STAFFING_SEGMENT = "RH-02"

# Hidden by default, each with its reason: value -> label
NOISE = {
    "closed": "Établissements fermés",
    "gone": "Disparus de leurs sources",
    "inactive": "Unités sans activité",
    "property": "Sociétés immobilières et bailleurs",
    "holding": "Holdings",
    "condominium": "Syndicats de copropriété",
    "public": "Organismes publics",
}

# The usual lists as people call them; another list is called by its own name.
LIST_NAMES = {
    "marche_inclusion": "Marché de l'inclusion",
    "esat_gesat": "annuaire ESAT-EA",
    "innovation": "liste innovation",
    "data_inclusion": "data·inclusion",
    "ess_france": "ESS France",
    "esus": "liste ESUS du Trésor",
    "rge": "annuaire RGE de l'ADEME",
    "rfar": "Médiateur des entreprises",
    "epv": "liste EPV",
    "qualiopi": "liste publique des organismes de formation",
    "agence_bio": "Agence Bio",
    "i_lab": "concours i-Lab",
    "inscription": "inscription de la structure",
    "decp": "marchés publics attribués",
}


def bit_of(kind: str, value: str) -> int:
    """The bit of the status this tag gives, 0 if none."""
    return BIT_OF_TAG.get((kind, value), 0) or BIT_OF_TAG.get((kind, ""), 0)


BIT_OF_TAG = {kind: status.bit for status in STATUSES for kind in status.kinds}


def list_name(source: str) -> str:
    return LIST_NAMES.get(source, source.replace("_", " "))
