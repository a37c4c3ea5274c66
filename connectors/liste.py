"""Any other list: a CRESS, a chamber, a club's directory; any columns, through a mapping."""

from connectors.readers import of_any_columns

SOURCE = of_any_columns(
    name="liste",
    title="Autre liste",
    publisher="qui tient la liste",
    url="https://www.data.gouv.fr",
    expects=(1, 1_000_000),
)
