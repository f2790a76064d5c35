"""What the evaluation shows while it runs."""

import re

import numpy as np
import pytest

from polyae import enumerate_regions, theorem_bound

from .closed_forms import torus


def test_the_bar_moves_through_all_stages(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TQDM_NCOLS", "100")
    monkeypatch.setenv("TQDM_MININTERVAL", "0")
    net, box, manifold = torus((3, 4), (1.0, 0.5))
    theorem_bound(enumerate_regions(net, box), manifold, gap=1e-2, progress=True)
    err = capsys.readouterr().err
    shares = [int(text) for text in re.findall(r"(\d+)%", err)]
    assert shares[0] == 0 and shares[-1] == 100 and (np.diff(shares) >= 0).all() and len(set(shares)) > 4
    assert [err.index(f"{name}:") for name in ("surface", "u1", "u2", "H1", "H2", "radii", "done")] == sorted(
        err.index(f"{name}:") for name in ("surface", "u1", "u2", "H1", "H2", "radii", "done")
    )
    assert "simplices" in err and re.search(r"H2: \d+ of 34 settled", err)


def test_nothing_is_shown_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    net, box, manifold = torus((3, 3), (1.0, 0.5))
    theorem_bound(enumerate_regions(net, box), manifold, gap=1e-1)
    assert capsys.readouterr().err == ""
