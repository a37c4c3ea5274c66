"""Lists of innovative firms (Audélor, French Tech, a cluster…): any columns, through a mapping."""

from connectors.readers import of_any_columns

SOURCE = of_any_columns(
    name="innovation",
    title="Entreprises innovantes",
    publisher="Audélor, technopoles, French Tech, pôles de compétitivité",
    url="https://www.audelor.com",
    mapped_status="innovation",
    expects=(1, 200_000),
)
