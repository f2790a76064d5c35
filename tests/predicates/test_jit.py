"""Compiled code on disk belongs to the text of all kernels, not only of its own file."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from polyae.engines import march_kernel
from polyae.lp import simplex
from polyae.predicates import jit

PACKAGE = Path(jit.__file__).resolve().parent.parent


def loaded(package: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("copied_jit", package / "predicates" / "jit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kernel", [march_kernel.expand_batch, simplex.optimum])
def test_caches_carry_the_version(kernel: object) -> None:
    assert kernel._cache._cache_file._version == jit._VERSION  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changed", "matters"),
    [("engines/march_kernel.py", True), ("tolerances.py", True), ("predicates/jit.py", True), ("cli/app.py", False)],
)
def test_what_makes_a_cache_stale(tmp_path: Path, changed: str, matters: bool) -> None:
    copy = tmp_path / "polyae"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = loaded(copy)._VERSION
    with (copy / changed).open("a") as file:
        file.write("\n#: One line more.\n")
    assert before == jit._VERSION
    assert (before != loaded(copy)._VERSION) == matters
