"""Running commands in this process: exit code, the one JSON object, the lines of complaint."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import polyae
from polyae.cli.app import run

DATA = Path(__file__).resolve().parents[2] / "data"


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output; a second one, or NaN, is an error."""
        value = json.loads(self.out, parse_constant=pytest.fail)
        assert isinstance(value, dict)
        assert self.out.count("\n") == 1
        return value

    def complains(self, *words: str) -> bool:
        """Whether this is exit code 2 with one line on standard error that has all the words."""
        assert self.code == 2, self
        assert self.out == ""
        assert self.err.startswith("polyae: ") and self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return all(word in self.err for word in words)


Polyae = Callable[..., Answer]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Polyae:
    """``cli("enumerate", path, "--space")`` runs ``polyae enumerate path --space``."""

    def call(*arguments: object) -> Answer:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture
def cross(tmp_path: Path) -> Path:
    """A network with the four quadrants of the plane as regions."""
    units, output = polyae.Layer([[1, 0], [0, 1]], [0, 0], slope=0), polyae.Layer([[1, 0], [0, 1], [1, 1]], [0, 0, 0])
    net = polyae.Network([units, output])
    path = tmp_path / "cross.json"
    polyae.write_network(net, path)
    return path
