"""Compiled code on disk belongs to the text of all kernels, not only of its own file."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numba as nb
import pytest

from polyae.engines import march_kernel
from polyae.lp import simplex
from polyae.predicates import jit
from polyae.predicates.compilation import COMPILATION, LOADING, Compilation

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


def test_compilation_is_timed_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, told = Compilation(), []
    clock.on_long = lambda: told.append(clock.seconds)
    times = iter([10.0, 10.5, 20.0, 21.5, 30.0, 31.0])
    monkeypatch.setattr("polyae.predicates.compilation.time.perf_counter", lambda: next(times))
    for nested in (False, True, False):
        clock.on_start(None)
        if nested:  # a kernel that is compiled within its caller
            clock.on_start(None)
            clock.on_end(None)
        clock.on_end(None)
    assert clock.seconds == 3.0 and told == [2.0]


def test_compilation_of_kernels_is_seen() -> None:
    before, loading = COMPILATION.seconds, LOADING.seconds
    assert nb.njit(lambda x: x + 1)(1) == 2
    assert COMPILATION.seconds > before
    assert LOADING.seconds - loading >= COMPILATION.seconds - before


def test_loading_from_disk_is_no_compilation() -> None:
    """In a new process, whose clock stands still meanwhile."""
    code = """
import time
from polyae import Box, Layer, Network, enumerate_regions
from polyae.predicates.compilation import COMPILATION, LOADING, clock
net = Network([Layer([[1.0, 0.5], [0.25, 1.0]], [0.0, 0.1], 0.0), Layer([[1.0, 1.0]], [0.0])])
began, slow = clock(), time.perf_counter()
cx = enumerate_regions(net, Box([-1, -1], [1, 1]), engine="subdivide")
print(COMPILATION.seconds, LOADING.seconds, cx.seconds, clock() - began, time.perf_counter() - slow)
"""
    for _ in range(2):  # the first one fills the cache
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    compiled, loading, reported, waited, passed = map(float, run.stdout.split())
    assert compiled == 0.0
    assert 0.0 < loading < passed
    assert reported < waited < 0.5 * passed
