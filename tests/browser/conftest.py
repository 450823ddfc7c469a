"""Chromium against a real stack. CHARLA_SKIP_BROWSER=1 skips it and says so (decision 39).

CHARLA_BROWSER_SITE=http://127.0.0.1:8000 uses an installation that already runs, with its demo tenant.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visitor import Visitor, VisitorFactory
from tests.support.chromium import chromium as find_chromium
from tests.support.servers import throwaway_servers
from tests.support.stack import running_stack

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]
BOSS = {"CHARLA_ADMIN_EMAIL": "boss@example.org", "CHARLA_ADMIN_PASSWORD": "a-good-password-1"}
SKIP = os.environ.get("CHARLA_SKIP_BROWSER") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent not in Path(item.path).parents:
            continue
        item.add_marker(pytest.mark.browser)
        if SKIP:
            item.add_marker(pytest.mark.skip(reason="browser tests not run: CHARLA_SKIP_BROWSER=1"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium: the one that CHARLA_CHROMIUM names, else the system's.

    Not for the whole session: Playwright keeps an event loop running in this thread, where Django then refuses the
    database to every other test.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of an installation with its demo tenant, and the environment that its commands need.

    Web, worker and sweeper run beside servers of their own; one that runs already has no environment for us.
    """
    if running := os.environ.get("CHARLA_BROWSER_SITE"):
        yield running.rstrip("/"), {}
        return
    folder = tmp_path_factory.mktemp("browser")
    more = {**BOSS, "CHARLA_OUTGOING_ALLOW": "127.0.0.0/8"}
    with throwaway_servers(migrated=True) as servers:
        env = {**os.environ, **servers.environment, **more, "CHARLA_DATA_DIR": str(folder)}
        prepare = [sys.executable, "-m", "config.stack.prepare", str(folder / "prepared.json")]
        subprocess.run(prepare, env=env, cwd=ROOT, check=True, timeout=120)
        with running_stack(folder=folder, urls=servers.environment, env=more) as stack:
            yield stack.url, env


@pytest.fixture
def site(installation: tuple[str, dict[str, str]]) -> str:
    """The address of an installation with its demo tenant."""
    return installation[0]


@pytest.fixture
def visitor(chromium: Browser, site: str) -> Iterator[VisitorFactory]:
    """Make visitors: `visitor("en", color_scheme="dark", viewport=…)`, each in a browser profile of their own."""
    contexts = []

    def make(lang: str = "es", **options: object) -> Visitor:
        settings = {"viewport": {"width": 1280, "height": 900}, "locale": lang, "reduced_motion": "reduce", **options}
        context = chromium.new_context(**settings)  # type: ignore[arg-type]
        contexts.append(context)
        return Visitor(context, site, lang)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def boss(visitor: VisitorFactory, site: str) -> VisitorFactory:
    """Make browsers in which the first administrator is logged in: `boss("es", color_scheme="dark")`."""
    if os.environ.get("CHARLA_BROWSER_SITE") and not os.environ.get("CHARLA_ADMIN_PASSWORD"):
        pytest.skip("CHARLA_BROWSER_SITE without CHARLA_ADMIN_EMAIL and CHARLA_ADMIN_PASSWORD: nobody to log in as")
    login = {name: os.environ.get(name, value) for name, value in BOSS.items()}

    def make(lang: str = "en", **options: object) -> Visitor:
        person = visitor(lang, **options)
        person.page.goto(f"{site}/admin/login/")
        person.page.fill("[name=username]", login["CHARLA_ADMIN_EMAIL"])
        person.page.fill("[name=password]", login["CHARLA_ADMIN_PASSWORD"])
        person.page.keyboard.press("Enter")
        person.page.wait_for_url(f"{site}/admin/")
        return person

    return make
