"""What the docs speak of exists, and what they promise to list is listed."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APPS = ("tenants", "audit", "metrics", "notifications", "agents", "chats", "analysis")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"""(?:\]\(|src(?:set)?=")([^)\s"]+)[)"]""")
NAMED_TEST = re.compile(r"`((?:\w+/)+test_\w+\.py)(?:::(\w+))?`")
NAMED_PATH = re.compile(r"`([a-z_]+/[\w/.-]+)`")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{3,}")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@cache
def modules(folder: str) -> list[tuple[Path, ast.Module]]:
    """Return every module below a folder, tests aside, with its tree."""
    paths = [path for path in sorted((ROOT / folder).rglob("*.py")) if "tests" not in path.relative_to(ROOT).parts]
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the modules of several folders."""
    for folder in folders:
        yield from modules(folder)


@cache
def defined_signals() -> set[str]:
    """Return the name of every signal that the apps define."""
    return {
        target.id
        for _path, tree in sources(*APPS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Name) and node.value.func.id in {"Signal", "ModelSignal"}
        for target in node.targets
        if isinstance(target, ast.Name)
    }


@cache
def connected_receivers() -> set[str]:
    """Return `module.function` of every function that listens to a signal."""
    found = set()
    for path, tree in sources(*APPS):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            calls = [mark.func for mark in node.decorator_list if isinstance(mark, ast.Call)]
            names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
            if names & {"receiver", "connect"}:
                found.add(f"{module}.{node.name}")
    return found


@cache
def read_variables() -> set[str]:
    """Return every environment variable that settings, supervisor and commands read."""
    found = set()
    for _path, tree in sources("config", "bin", *APPS):
        for node in ast.walk(tree):
            read = _subject(node)
            if read is not None and VARIABLE.fullmatch(read):
                found.add(read)
            found |= _handed_on(node)
    return found


def _handed_on(node: ast.AST) -> set[str]:
    """Return what `at_least(1, "X")` and the settings' other readers ask for."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in readers()):
        return set()
    named = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return {name for name in named if VARIABLE.fullmatch(name)}


@cache
def readers() -> set[str]:
    """Return the functions that read a variable for the settings."""
    tree = ast.parse((ROOT / "config" / "settings" / "environment.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def _subject(node: ast.AST) -> str | None:
    """Return what `env.str("X")`, `os.environ.get("X")` or `environment["X"]` asks for."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        holder, key = node.func.value, node.args[0]
    elif isinstance(node, ast.Subscript):
        holder, key = node.value, node.slice
    else:
        return None
    if ast.unparse(holder) not in {"env", "os.environ", "environment", "self.env"} or not isinstance(key, ast.Constant):
        return None
    return str(key.value)


def test_every_signal_is_on_its_page() -> None:
    page = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
    assert defined_signals()
    assert sorted(name for name in defined_signals() if f"`{name}`" not in page) == []


def test_every_receiver_is_on_its_page_and_none_that_is_not() -> None:
    page = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
    named = set(re.findall(rf"`((?:{'|'.join(APPS)})\.[\w.]+)`", page))
    assert connected_receivers()
    assert named == connected_receivers()


def test_every_environment_variable_is_documented() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert {"DATABASE_URL", "SECRET_KEY"} <= read_variables()
    assert sorted(name for name in read_variables() if f"`{name}`" not in page) == []


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


def headings(page: Path) -> set[str]:
    """Return a page's anchors, as they are made of its headings."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


@pages
def test_every_test_and_path_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [
        f"{path}::{name}"
        for path, name in NAMED_TEST.findall(text)
        if not (ROOT / path).exists() or (name and f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8"))
    ]
    top = {entry.name for entry in ROOT.iterdir()}
    paths = [path for path in NAMED_PATH.findall(text) if path.split("/")[0] in top]
    assert missing == []
    assert [path for path in paths if not (ROOT / path).exists()] == []
