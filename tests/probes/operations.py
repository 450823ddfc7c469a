"""What the OpenAPI schema says can be asked for: every operation with its places for values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")
PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Operation:
    """One method of one path. `body` is its JSON schema, with every reference resolved; None without one."""

    method: str
    path: str
    path_names: tuple[str, ...]
    query_names: tuple[str, ...]
    body: Any
    media_type: str = "application/json"

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def segment(self) -> str:
        """Return the first path segment, of which roles and scopes speak."""
        return self.path.removeprefix("/api/v1/").partition("/")[0]


@cache
def schema() -> Any:
    """Return the whole OpenAPI schema."""
    return SchemaGenerator().get_schema(request=None, public=True)


def resolved(part: Any, depth: int = 0) -> Any:
    """Return a part of the schema with its references replaced by what they name."""
    if isinstance(part, dict):
        if "$ref" in part:
            name = part["$ref"].rpartition("/")[2]
            return resolved(schema()["components"]["schemas"][name], depth + 1) if depth < 8 else {}
        return {key: resolved(value, depth) for key, value in part.items()}
    return [resolved(value, depth) for value in part] if isinstance(part, list) else part


@cache
def operations() -> tuple[Operation, ...]:
    """Return every operation of the schema."""
    return tuple(_operations())


def _operations() -> Iterator[Operation]:
    for path, entry in sorted(schema()["paths"].items()):
        for method in METHODS:
            if method not in entry:
                continue
            described = entry[method]
            named = [*entry.get("parameters", []), *described.get("parameters", [])]
            content = resolved(described.get("requestBody", {})).get("content", {})
            media_type = "application/json" if "application/json" in content else next(iter(content), "")
            yield Operation(
                method,
                path,
                tuple(PLACE.findall(path)),
                tuple(one["name"] for one in named if one["in"] == "query"),
                content.get(media_type, {}).get("schema"),
                media_type or "application/json",
            )


def fields_of(body: Any, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the way to every leaf of a body's schema, and the leaf's own schema."""
    for name, part in (body or {}).get("properties", {}).items():
        if part.get("properties"):
            yield from fields_of(part, (*prefix, name))
        else:
            yield (*prefix, name), part


def example_of(part: Any) -> Any:
    """Return a value that fits a schema, as plain as can be."""
    for chosen in ("example", "default", "const"):
        if part.get(chosen) is not None:
            return part[chosen]
    if part.get("enum"):
        return part["enum"][0]
    for several in ("allOf", "oneOf", "anyOf"):
        if part.get(several):
            return example_of(next((one for one in part[several] if one.get("type") != "null"), part[several][0]))
    kinds = part.get("type", "string")
    kind = next((one for one in kinds if one != "null"), "null") if isinstance(kinds, list) else kinds
    if kind == "object":
        wanted = part.get("required", ())
        return {name: example_of(inner) for name, inner in part.get("properties", {}).items() if name in wanted}
    if kind == "array":
        return [example_of(part.get("items", {}))]
    return _plain(kind, part)


def _plain(kind: str, part: Any) -> Any:
    by_format = {
        "uuid": "0193b0c4-0000-7000-8000-000000000000", "email": "somebody@example.org", "uri": "https://example.org/",
        "date-time": "2026-11-21T12:00:00Z", "date": "2026-11-21", "decimal": "0.5", "binary": "a file",
    }  # fmt: skip
    if part.get("format") in by_format:
        return by_format[part["format"]]
    numbers = {"integer": int(part.get("minimum", 1)), "number": part.get("minimum", 0.5)}
    return {**numbers, "boolean": True, "null": None}.get(kind, "word")


def with_value(body: Any, way: tuple[str, ...], value: Any) -> Any:
    """Return a copy of a body that has a value at the end of a way."""
    first, rest = way[0], way[1:]
    inner = body.get(first) if isinstance(body.get(first), dict) else {}
    return {**body, first: with_value(inner, rest, value) if rest else value}
