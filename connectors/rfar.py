"""RFAR: firms whose purchasing is labelled responsible, by SIREN."""

from connectors.readers import read
from sourcing.source import Download, Fields, Shape, Source, first

parse = Fields(siren=first("SIREN"), statuses=("label:RFAR",), level="siren")

SOURCE = Source(
    name="rfar",
    title="Label relations fournisseurs et achats responsables (RFAR)",
    publisher="Médiateur des entreprises",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/datasets/entreprises-labellisees-relations-fournisseurs-et-achats-responsables-rfar/",
    kind="list",
    shapes=(Shape("liste des labellisés", frozenset({"SIREN", "PERIMETRE"})),),
    read=read,
    parse=parse,
    downloads={"rfar.csv": Download("/api/1/datasets/r/a61ad4c3-5656-480d-b71c-bfc3cc99c9b0")},
    is_fetched_whole=True,
    expects=(1, 50_000),
)
