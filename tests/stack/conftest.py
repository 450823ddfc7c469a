"""Servers of their own for the tests of the stack: some of them stop and break what they use."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers import Servers, throwaway_servers


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Running PostgreSQL and Valkey that no other module uses."""
    with throwaway_servers() as running:
        yield running


@pytest.fixture(scope="module")
def data_home() -> Iterator[Path]:
    """A folder for data folders that every user can enter, so that root's servers live in it too."""
    made = Path(tempfile.mkdtemp(prefix="charla-run-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(autouse=True, scope="session")
def _english() -> Iterator[None]:
    """Let sentences be compared in English, whatever the terminal speaks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGUAGE_CODE", "en")
        yield
