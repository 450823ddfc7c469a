"""Servers of their own for the tests of the stack: some of them stop and break what they use."""

from collections.abc import Iterator

import pytest

from tests.support.servers import Servers, throwaway_servers


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Running PostgreSQL and Valkey that no other module uses."""
    with throwaway_servers() as running:
        yield running
