"""Layers, ceilings, and that everything that must have a test or a permission has one (style.md, 8 and 9)."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {"tenants": 1, "audit": 2, "metrics": 2, "notifications": 3, "agents": 4, "chats": 5, "analysis": 6}
LONGEST_FILE, LONGEST_FUNCTION = 400, 60


def sources(*folders: str) -> Iterator[Path]:
    """Yield every Python file below the folders, migrations aside."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def imported(path: Path) -> Iterator[str]:
    """Yield the first name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("app", LAYERS)
def test_imports_go_down_only(app: str) -> None:
    upwards = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(app)
        if "tests" not in path.parts
        for name in imported(path)
        if name == "config" or (name != app and LAYERS.get(name, 0) >= LAYERS[app])
    ]
    assert upwards == []


def test_services_do_not_import_tasks_or_edges() -> None:
    edges = {"tasks", "api", "admin", "consumers", "views", "management"}
    wrong = []
    for app in LAYERS:
        for path in sources(f"{app}/services"):
            for node in ast.walk(ast.parse(path.read_text())):
                module = node.module if isinstance(node, ast.ImportFrom) else None
                if module and module.split(".")[0] in LAYERS and set(module.split(".")[1:]) & edges:
                    wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert wrong == []


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_and_functions_stay_small() -> None:
    too_long, files, lengths = [], [], []
    for path in sources(*LAYERS, "config", "tests", "benchmarks"):
        text = path.read_text()
        files.append(text.count("\n"))
        if files[-1] > LONGEST_FILE:
            too_long.append(f"{path.relative_to(ROOT)}: {files[-1]} lines")
        for function in functions(ast.parse(text)):
            lengths.append((function.end_lineno or 0) - function.lineno + 1)
            if lengths[-1] > LONGEST_FUNCTION:
                too_long.append(f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {lengths[-1]} lines")
    print(f"median file {statistics.median(files)}, median function {statistics.median(lengths)} lines")  # noqa: T201
    assert too_long == []


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every path with its view."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, entry.callback
        elif "admin" not in path:
            yield from routes(entry, path)


def test_every_api_route_declares_who_may_call_it() -> None:
    from tenants.api.permissions import DeclaredAccess, Public

    undeclared = []
    for path, view in routes(get_resolver()):
        kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if not path.startswith("api/v1/") or kind is None:
            continue
        public = Public in kind.permission_classes
        declared = DeclaredAccess in kind.permission_classes and (
            getattr(kind, "resource", None) or getattr(kind, "any_person", False)
        )
        if not (public or declared):
            undeclared.append(path)
    assert undeclared == []


def test_a_scope_can_name_every_resource() -> None:
    from tenants.callers import RESOURCES

    views = [getattr(view, "cls", None) or getattr(view, "view_class", None) for _path, view in routes(get_resolver())]
    assert {getattr(view, "resource", None) for view in views} - {None} == RESOURCES


def test_every_command_has_a_test() -> None:
    tests = "\n".join(path.read_text() for path in sources(*LAYERS, "tests") if path.name.startswith("test_"))
    own = {name for name, app in get_commands().items() if app in LAYERS}
    assert own
    assert sorted(name for name in own if f'"{name}"' not in tests) == []
