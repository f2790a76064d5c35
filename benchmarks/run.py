"""Print what polyae costs beside a peer or a physical limit measured in the same run; write JSON.

Times are processor seconds of one thread, the least of a few repetitions after compilation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import certificates, facets, local, marching, outward, radii, subdividing, theorem, training


def best(job: Callable[[], Any], repetitions: int = 5) -> tuple[float, Any]:
    """Least processor time of a job, and its last result."""
    least, result = float("inf"), None
    for _ in range(repetitions):
        began = time.process_time()
        result = job()
        least = min(least, time.process_time() - began)
    return least, result


def main() -> None:
    """Run the benchmarks that are asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = {
        "table": subdividing.run, "special": subdividing.degenerate, "growth": subdividing.growth,
        "compilation": subdividing.compile_cost, "facets": facets.run, "march": marching.run,
        "scaling": marching.scaling, "neighbours": local.run, "outward": outward.run, "radii": radii.run,
        "theorem": theorem.run,
        "second-order": training.second_order,
        "oracle": training.oracle, "share": training.share,
        "batches": training.batches,
        "certificates": certificates.run,
    }  # fmt: skip
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="which (all by default)")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks.json"))
    chosen = parser.parse_args()
    results: dict[str, list[dict[str, Any]]] = {}
    for name in chosen.parts or parts:
        print(f"\n{name}")
        results[name] = []
        for row in parts[name](best):
            results[name].append(row)
            cells = [
                f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in row.items()
            ]
            print("  " + "  ".join(cells), flush=True)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nwritten to {chosen.out}")


if __name__ == "__main__":
    main()
