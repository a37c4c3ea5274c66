"""The browser files that a map carries inside."""

from pathlib import Path

from sourcing import Foreseen


class AssetsMissing(Foreseen):
    """The browser files are not where they were expected; the message is one French sentence."""


def asset(assets: Path, name: str) -> str:
    """The text of one of them."""
    try:
        return (assets / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssetsMissing(
            f"Le fichier {assets / name} manque : lancer « make install »."
        ) from None
