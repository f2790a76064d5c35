"""How kernels are compiled, in one place."""

from __future__ import annotations

import numba as nb

__all__ = ["any_order", "compiled", "inlined", "proposal", "reduction"]

# NumPy's error model: a division by zero gives an infinity instead of a branch that raises.
#: Strict IEEE arithmetic, for everything that is part of a proof.
compiled = nb.njit(cache=True, error_model="numpy", nogil=True)
#: The same, copied into the caller: passing many arrays costs more than the work of a small function.
inlined = nb.njit(cache=True, error_model="numpy", nogil=True, inline="always")
#: Sums in any order and fused products, for proofs whose error bounds hold for all of these.
any_order = nb.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract", "reassoc", "nsz"})
#: Arithmetic that may be reordered, for proposals that are proved afterwards; infinities are allowed.
proposal = nb.njit(cache=True, error_model="numpy", nogil=True, fastmath={"nnan", "nsz", "arcp", "contract", "reassoc"})
#: Largest and least values in any order: free of rounding, so part of proofs too.  No NaN may come in.
reduction = nb.njit(cache=True, error_model="numpy", nogil=True, fastmath={"nnan", "nsz"})
