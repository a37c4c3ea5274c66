"""The import rules of docs/architecture.md, held by the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sourcing", "connectors", "maps", "webapp", "demo")
# Where everything is wired: the commands and nothing else in the domain.
WIRING = ("sourcing/cli.py", "sourcing/commands/")
FORBIDDEN = {
    "sourcing": {"connectors", "maps", "webapp", "demo", "flask", "folium"},
    "connectors": {"maps", "webapp", "demo", "flask", "folium"},
    "maps": {"connectors", "webapp", "demo", "flask"},
    "webapp": {"connectors", "demo", "folium"},
    "demo": {"connectors", "maps", "webapp", "flask", "folium"},
}
# The path of data: these rooms hand over through the base, never by calling each other.
STRANGERS = ("ingest", "linking", "tagging")


def modules() -> list[str]:
    files = [p for name in PACKAGES for p in (ROOT / name).rglob("*.py")]
    return sorted(str(p.relative_to(ROOT)) for p in files)


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imports(path: str) -> Iterator[tuple[str, int]]:
    """Every imported module with the depth of the statement (0 = top level)."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        depth = 0 if id(node) in top else 1
        if isinstance(node, ast.Import):
            yield from ((alias.name, depth) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = f"{'.' * node.level}{node.module or ''}"
            for alias in node.names:
                # `from package import module` is an edge to the module, not to its package.
                yield f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base, depth


@pytest.mark.parametrize("path", modules())
def test_imports_keep_to_the_house(path: str) -> None:
    package = path.split("/")[0]
    for name, depth in imports(path):
        assert not name.startswith("."), f"{path}: relative import"
        assert depth == 0, f"{path}: {name} imported inside a function"
        if not path.startswith(WIRING):
            assert name.split(".")[0] not in FORBIDDEN[package], f"{path} imports {name}"


def test_connectors_know_only_the_contract() -> None:
    for path in modules():
        if path.startswith("connectors/"):
            known = {name for name, _ in imports(path) if name.startswith("sourcing")}
            assert all(name.startswith("sourcing.source") for name in known), path


@pytest.mark.parametrize("room", STRANGERS)
def test_the_steps_of_the_path_never_call_each_other(room: str) -> None:
    others = tuple(f"sourcing.{other}" for other in STRANGERS if other != room)
    for path in modules():
        if path.startswith((f"sourcing/{room}.py", f"sourcing/{room}/")):
            assert not [n for n, _ in imports(path) if n.startswith(others)], path


def test_there_is_no_cycle() -> None:
    graph = {path: {n for n, _ in imports(path)} for path in modules()}
    names = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in graph
    }
    edges = {p: {names[n] for n in wanted if n in names} - {p} for p, wanted in graph.items()}
    while leaves := [p for p, wanted in edges.items() if not wanted & edges.keys()]:
        for leaf in leaves:
            del edges[leaf]
    assert not edges, f"cycle among {sorted(edges)}"
