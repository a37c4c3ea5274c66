"""Which of a source's shapes a file has; when none, what is missing and what stands near it."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from sourcing.source import Row, Shape, Source, SourceChanged

_REPEAT = re.compile(r" \(\d+\)$")


def headers(sample: Sequence[Row]) -> list[str]:
    """The columns of the sampled rows (JSON rows differ), reserved ones left out."""
    return [
        c for c in dict.fromkeys(c for row in sample for c in row.values) if not c.startswith("_")
    ]


def recognise(source: Source, sample: Sequence[Row]) -> Shape:
    """The most demanding shape whose columns are all there; SourceChanged when none is."""
    found = frozenset(headers(sample))
    fitting = [shape for shape in source.shapes if shape.columns <= found]
    if fitting:
        return max(
            fitting, key=lambda s: (len(s.columns & found), len((s.columns | s.optional) & found))
        )
    raise SourceChanged(_what_is_missing(source, sample[0].file, list(found)))


def _what_is_missing(source: Source, file: str, found: Sequence[str]) -> str:
    nearest = max(source.shapes, key=lambda s: len(s.columns & set(found)) / len(s.columns))
    if not nearest.columns & set(found):
        shown = ", ".join(f"« {c[:40]} »" for c in sorted(found)[:6])
        return (
            f"{file} : ces colonnes ({shown}) ne sont celles d'aucun fichier de la source "
            f"« {source.title} » ; vérifier que c'est le bon fichier et la bonne source."
        )
    missing = sorted(nearest.columns - set(found))
    rest = [c for c in found if c not in nearest.columns]
    near = get_close_matches(missing[0], rest, 1, 0.4)
    hint = f" ; l'en-tête le plus proche est « {near[0]} »" if near else ""
    named = ", ".join(f"« {c} »" for c in missing)
    verb = "sont absentes" if len(missing) > 1 else "est absente"
    noun = "les colonnes" if len(missing) > 1 else "la colonne"
    return (
        f"{file} : {noun} {named} {verb} ({source.title}, {nearest.name}){hint} ; "
        "reprendre l'export d'origine ou corriger l'en-tête."
    )


def leftover(sample: Sequence[Row], shape: Shape) -> list[str]:
    """Columns nobody reads; a repeated header is no more unknown than the first."""
    known = shape.columns | shape.optional
    return [c for c in headers(sample) if c not in known and _REPEAT.sub("", c) not in known]
