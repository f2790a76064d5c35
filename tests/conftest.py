"""Options and fixtures of all tests."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run every seeded case instead of a slice of them")


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts background jobs with Ctrl-C ignored, which the tests of Ctrl-C must not inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    common = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("slice", max_examples=40, **common)
    settings.register_profile("whole", max_examples=400, **common)
    settings.load_profile("whole" if config.getoption("--whole") else "slice")


@pytest.fixture(scope="session")
def cases(pytestconfig: pytest.Config) -> Callable[[int, int], int]:
    """``cases(short, whole)``: the number of seeded cases to run."""
    return lambda short, whole: whole if pytestconfig.getoption("--whole") else short


@pytest.fixture(scope="session")
def reference() -> Path:
    """The optional folder of golden counts and data sets beside the project."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the reference folder ../shared is absent")
    return folder
