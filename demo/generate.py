"""Write the demonstration's source files: true formats, any size, invented names only."""

from pathlib import Path

from demo.cast import establishment_rows, members, unit_rows
from demo.contracts import write_contracts
from demo.lists import write_lists
from demo.stock import Progress, write_stock

NOTICE_FILE = "LISEZMOI.txt"
NOTICE = """DONNÉES FICTIVES

Ces fichiers servent à essayer « Sourcing territorial » sans données réelles. Ils ont les formats
exacts des sources (stock SIRENE, exports du Marché de l'inclusion, export Hosmoz, liste
d'entreprises innovantes, marchés attribués), et {establishments} établissements (tirage n° {seed}).

Les entreprises, les associations, les personnes, les collectivités, les numéros de téléphone, les
adresses électroniques et les sites sont inventés. Les communes, leurs codes postaux et leurs
populations sont réels.
Les numéros SIREN et SIRET sont inventés et valides par leur clé : l'un d'eux peut, par hasard,
être celui d'une entreprise réelle, qui n'a alors aucun rapport avec la ligne fictive.

Ne pas publier ces fichiers et ne pas les mêler à des données réelles.
"""
# Fewer than this and the lists would be most of the register.
SMALLEST = 500


def generate(
    folder: Path, establishments: int = 20_000, seed: int = 56, progress: Progress | None = None
) -> dict[str, list[Path]]:
    """Source name -> files written in `folder`; same size and seed, same content."""
    if establishments < SMALLEST:
        raise ValueError(f"Il faut au moins {SMALLEST} établissements pour une démonstration.")
    folder.mkdir(parents=True, exist_ok=True)
    cast = members(establishments, seed)
    notice = NOTICE.format(establishments=f"{establishments:,}".replace(",", " "), seed=seed)
    (folder / NOTICE_FILE).write_text(notice, encoding="utf-8")
    rows = (unit_rows(cast), establishment_rows(cast))
    stock = write_stock(folder, rows, establishments, seed, progress or (lambda done, total: None))
    lists = write_lists(folder, cast, seed)
    return {"sirene": stock, **lists, "decp": [write_contracts(folder, cast, seed)]}
