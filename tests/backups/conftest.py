"""How long the trials of backups are: short beside the suite, long where it is asked for."""

import pytest

SHORT = 12


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let somebody ask for the long tier."""
    parser.addoption("--trials", type=int, default=SHORT, help="How many backups to damage, restore, or kill at.")


@pytest.fixture
def trials(pytestconfig: pytest.Config) -> int:
    """How often to try."""
    return int(pytestconfig.getoption("--trials", default=SHORT))
