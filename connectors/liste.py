"""Any other list: a CRESS, a chamber, a club's directory; any columns, through a mapping."""

from connectors.readers import read, read_sheet, sheets
from sourcing.source import Source

SOURCE = Source(
    name="liste",
    title="Autre liste",
    publisher="qui tient la liste",
    licence="selon la liste",
    url="https://www.data.gouv.fr",
    kind="list",
    shapes=(),
    read=read,
    sheets=sheets,
    read_sheet=read_sheet,
    expects=(1, 1_000_000),
)
