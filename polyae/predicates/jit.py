"""How kernels are compiled, in one place.

Compiled code is kept on disk beside the package.  Numba takes it up again when the kernel's own file is
unchanged, though it may hold code inlined from another file, or types that another file no longer has.
So the cache of every kernel is tied to the text of all files with kernels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba as nb
from numba.extending import register_jitable

__all__ = ["any_order", "borrowing", "callable_from_compiled", "compiled", "inlined", "proposal"]


def _kernel_sources() -> str:
    """Digest of all files that define kernels, or constants that are compiled into them."""
    package = Path(__file__).resolve().parent.parent
    sources = [path.read_bytes() for path in sorted(package.rglob("*.py"))]
    found = [text for text in sources if b"polyae.predicates.jit" in text]
    return hashlib.sha256(b"\0".join([*found, (package / "tolerances.py").read_bytes()])).hexdigest()


#: What numba compares before it reads any more of a cache.
_VERSION = f"{nb.__version__} {_kernel_sources()}"


def _kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    def compiler(function: Callable[..., Any]) -> Any:
        # NumPy's error model: a division by zero gives an infinity instead of a branch that raises.
        kernel = nb.njit(cache=True, error_model="numpy", nogil=True, **options)(function)
        if not nb.config.DISABLE_JIT:
            kernel._cache._cache_file._version = _VERSION
        return kernel

    return compiler


#: Strict IEEE arithmetic, for everything that is part of a proof.
compiled = _kernel()
#: The same without arrays of its own, so that no references are counted.
borrowing = _kernel(_nrt=False)
#: The same, copied into the caller: passing many arrays costs more than the work of a small function.
inlined = _kernel(inline="always")
#: Sums in any order and fused products, for proofs whose error bounds hold for all of these.
any_order = _kernel(fastmath={"contract", "reassoc", "nsz"})
#: Arithmetic that may be reordered, for proposals that are proved afterwards; infinities are allowed.
proposal = _kernel(fastmath={"nnan", "nsz", "arcp", "contract", "reassoc"})
#: Plain functions, such as makers of work space, that compiled code calls too.
callable_from_compiled = register_jitable
