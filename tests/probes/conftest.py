"""A world of two tenants, committed for as long as the probes need it; and the tiers and the report of the suite."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from tests.probes.places import Place, find_places
from tests.probes.report import REPORT
from tests.probes.world import World, build_world
from tests.support.database import EMPTY, owner_connection

HANDED_OVER = "probes"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long tier be asked for: every value at every place, by everybody."""
    parser.addoption("--all-probes", action="store_true", help="Probe every place with every value.")


def asks_for_all(config: pytest.Config) -> bool:
    """Tell whether the long tier was asked for; bin/test without paths has no such option."""
    return bool(config.getoption("--all-probes", default=False))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tier out unless it was asked for; then let it take its time."""
    if asks_for_all(config):
        for item in items:
            item.add_marker(pytest.mark.timeout(0))
    else:
        later = [item for item in items if item.get_closest_marker("all_probes")]
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in set(later)]


@pytest.fixture(scope="session")
def every_probe(request: pytest.FixtureRequest) -> bool:
    """Whether the long tier was asked for."""
    return asks_for_all(request.config)


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Two tenants with a row in every table; the tables are emptied after the last probe."""
    with django_db_blocker.unblock():
        database = connections["default"].settings_dict["NAME"]
        try:
            yield build_world()
        finally:
            for alias in ("default", "operations"):
                connections[alias].close()
            with owner_connection(database) as connection:
                connection.execute(EMPTY)


@pytest.fixture(scope="package")
def places(world: World) -> dict[str, Place]:
    """Our rows by the places of paths at which they answer."""
    return find_places(world)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what this process counted, when it is one of several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[HANDED_OVER] = REPORT.rows()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what one of several processes counted."""
    REPORT.take(getattr(node, "workeroutput", {}).get(HANDED_OVER, ()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how much was probed by whom, and what came of it."""
    for line in REPORT.lines():
        terminalreporter.write_line(line)
