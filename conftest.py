"""What every test has: the database as the application sees it, and a fixed cast."""

from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.support.database", "tests.support.cast"]


@pytest.fixture(autouse=True, scope="session")
def _same_priority() -> Iterator[None]:
    """Let commands that run in the suite's own process not lower it, with all that it starts, for good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.nice", lambda increment: increment)
        yield
