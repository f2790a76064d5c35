"""Layers import downward only, and packages import one another without cycles."""

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

import polyae

PACKAGE = Path(__file__).resolve().parent.parent / "polyae"
LAYERS = [
    {"errors", "arrays", "atomic", "memo", "tolerances", "networks", "domains", "check"},
    {"predicates", "lp"},
    {"engines"},
    {"complex"},
    {"queries"},
    {"training"},
    {"report", "cli", "__main__", ""},  # "" is the root, which re-exports the public names
]
RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}


def imported_parts(source: str, module: str, parts: set[str]) -> Iterator[tuple[int, str]]:
    """Line and top-level part of polyae of every import in the source of `module`, a dotted name of a file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(module.split(".")[: -node.level]) if node.level else ""
            target = ".".join(filter(None, [base, node.module or ""]))
            names = [f"{target}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            head, _, rest = name.partition(".")
            if head == "polyae":
                part = rest.partition(".")[0]
                yield node.lineno, part if part in parts else ""


def violations(source: str, module: str, parts: set[str]) -> list[str]:
    """Imports of `module` that go up."""
    own = part_of(module)
    found = []
    for line, part in imported_parts(source, module, parts):
        if RANK[part] > RANK[own]:
            found.append(f"{module}, line {line}: {own} may not import {part or 'the root'}")
    return found


def part_of(module: str) -> str:
    return module.split(".")[1].removesuffix("__init__")


def modules() -> dict[str, str]:
    """Dotted file name (with ``__init__``) and source of every module."""
    return {
        ".".join(("polyae", *path.relative_to(PACKAGE).with_suffix("").parts)): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def parts() -> set[str]:
    return {part_of(module) for module in modules()}


def test_every_part_has_a_place() -> None:
    assert parts() <= set(RANK), "give the new part a place in LAYERS"


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_downward(module: str) -> None:
    assert violations(modules()[module], module, parts()) == []


def test_no_cycles_between_parts() -> None:
    graph = nx.DiGraph()
    for module, source in modules().items():
        own = part_of(module)
        graph.add_edges_from((own, part) for _, part in imported_parts(source, module, parts()) if part != own)
    assert list(nx.simple_cycles(graph)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import polyae.engines.march",
        "from polyae.engines import march",
        "from polyae import engines",
        "from polyae import Box",
        "import polyae",
        "from ..engines.march import step",
        "from .. import engines",
        "def f():\n    from polyae.engines import march",
    ],
)
def test_an_upward_import_is_seen(source: str) -> None:
    assert len(violations(source, "polyae.lp.highs", {"engines", "lp"})) == 1


@pytest.mark.parametrize("source", ["import numpy", "from polyae.errors import ShapeError", "from .base import Solver"])
def test_a_downward_import_passes(source: str) -> None:
    assert violations(source, "polyae.lp.highs", {"engines", "lp", "errors"}) == []


def test_the_root_knows_where_each_public_name_lives() -> None:
    assert {*polyae._HOME, "errors"} == set(polyae.__all__)
    for name in polyae.__all__:
        assert getattr(polyae, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = polyae.nothing
