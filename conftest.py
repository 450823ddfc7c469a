"""What every test has: the database as the application sees it, and a fixed cast."""

from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent / "tests"
LONGEST_FIRST = ("chaos", "crash", "stack", "browser", "probes")
pytest_plugins = ["tests.support.database", "tests.support.cast"]


@pytest.fixture(autouse=True, scope="session")
def _same_priority() -> Iterator[None]:
    """Let commands that run in the suite's own process not lower it, with all that it starts, for good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.nice", lambda increment: increment)
        yield


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Hash the cast's passwords by the same algorithm in less time: a quarter of a second each was most of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.contrib.auth.hashers.BCryptSHA256PasswordHasher.rounds", 4)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left with one long file at the end."""
    places = {TESTS / name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.parent, len(places)))
