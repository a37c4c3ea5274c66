"""Source files in their exact formats, with invented names, at any size."""

from demo.communes import territory_files
from demo.generate import generate

__all__ = ["generate", "territory_files"]
