"""What the State's directory says of firms: labels, published indicators, by SIREN.

For firms whose label has no list of its own here. One question per mark and group of communes,
whatever the number of suppliers; of each answer the SIREN and the marks alone are kept: the
service's also names managers and elected persons.
"""

from connectors.readers import read
from sourcing.source import Download, Paging, Record, Row, Shape, Source

# What the service filters on, and what it means here.
MARKS = {
    "est_ess": "ess:ess",
    "est_rge": "label:RGE",
    "est_qualiopi": "label:Qualiopi",
    "est_bio": "label:Bio",
    "est_patrimoine_vivant": "label:EPV",
    "est_achats_responsables": "label:RFAR",
    "egapro_renseignee": "label:Index Egapro publié",
}
# Told of whoever answers a question; the service has no filter on it.
TOLD = {"bilan_ges_renseigne": "label:Bilan GES publié"}
# "Structure inclusive" gathers three laws: what is reserved to each depends on its kind.
KINDS = {
    kind: f"{family}:{kind}"
    for family, kinds in (("siae", "ACI EI AI ETTI EITI"), ("handicap", "EA EATT ESAT"))
    for kind in kinds.split()
}
# NAF sections: what a commune with too many firms is asked for by.
SECTIONS = tuple("ABCDEFGHIJKLMNOPQRSTU")
ANSWERS = ("est_siae", "type_siae", *MARKS, *TOLD)
_YES = frozenset(("true", "True", "1"))


def parse(row: Row) -> Record | None:
    """A firm and what is true of it; out of scope when nothing is."""
    said = {name: row.get(f"complements.{name}") for name in ANSWERS}
    statuses = [s for name, s in {**MARKS, **TOLD}.items() if said[name] in _YES]
    if said["est_siae"] in _YES and said["type_siae"] in KINDS:
        statuses.append(KINDS[said["type_siae"]])
    siren = row.get("siren")
    if not statuses:
        return None
    return Record(siren=siren, key=siren, statuses=tuple(statuses), level="siren")


def _marked(mark: str) -> Download:
    return Download(
        "{recherche_entreprises_url}/search",
        params={
            mark: "true", "code_commune": "{communes}", "etat_administratif": "A",
            "minimal": "true", "include": "complements", "per_page": "25",
        },
        paging=Paging(
            "results", page="page", pages="total_pages", total="total_results", most=10_000,
            of="communes", together=40, within=("section_activite_principale", *SECTIONS),
            keeps=("siren", *(f"complements.{name}" for name in ANSWERS)),
        ),
        requests_per_second=7,
    )  # fmt: skip


SOURCE = Source(
    name="recherche_entreprises",
    title="Annuaire des entreprises (labels et indicateurs publiés)",
    publisher="Direction interministérielle du numérique",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/dataservices/api-recherche-dentreprises/",
    kind="list",
    shapes=(Shape("réponses", frozenset(("siren", *(f"complements.{n}" for n in ANSWERS)))),),
    read=read,
    parse=parse,
    downloads={f"{mark}.jsonl": _marked(mark) for mark in ("est_siae", *MARKS)},
    is_fetched_whole=True,
    expects=(1, 1_000_000),
)
