"""One small file per source; every module here but `readers` is a source."""

from importlib import import_module
from pkgutil import iter_modules

from sourcing.source import Source


def load_all() -> dict[str, Source]:
    """Every source by name, in alphabetical order."""
    names = sorted(m.name for m in iter_modules(__path__) if m.name != "readers")
    return {name: import_module(f"{__name__}.{name}").SOURCE for name in names}
