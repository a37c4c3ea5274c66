"""Lists of innovative firms (Audélor, French Tech, a cluster…): any columns, through a mapping."""

from connectors.readers import read, read_sheet, sheets
from sourcing.source import Source

SOURCE = Source(
    name="innovation",
    title="Entreprises innovantes",
    publisher="Audélor, technopoles, French Tech, pôles de compétitivité",
    licence="selon la liste",
    url="https://www.audelor.com",
    kind="list",
    shapes=(),
    read=read,
    sheets=sheets,
    read_sheet=read_sheet,
    mapped_status="innovation",
    expects=(1, 200_000),
)
