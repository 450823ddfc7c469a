"""Reads what the sources ask gettext for, and what a catalogue of it (.po) answers."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parents[2]
APPS: Final = ("tenants", "audit", "metrics", "notifications", "agents", "chats", "analysis", "config")
# How many of a function's first arguments are texts, and whether the first of them is a context.
BASES: Final = {"gettext": (1, False), "ngettext": (2, False), "pgettext": (2, True), "npgettext": (3, True)}
FUNCTIONS: Final = {
    name + ending: shape
    for name, shape in {
        "gettext": (1, False),
        "ngettext": (2, False),
        "pgettext": (2, True),
        "npgettext": (3, True),
    }.items()
    for ending in ("", "_lazy", "_noop")
}
LITERAL: Final = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
TEMPLATE_CALL: Final = re.compile(rf"\b(_|n?p?gettext)\(\s*({LITERAL}(?:\s*,\s*{LITERAL})*)")
FIELD: Final = re.compile(r"""^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s+(".*")$""")


class Key(NamedTuple):
    """What names a message in a catalogue."""

    text: str
    context: str = ""
    plural: str = ""


@dataclass
class Entry:
    """One message of a catalogue."""

    fields: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        """Return what the sources ask for it by."""
        return Key(self.fields["msgid"], self.fields.get("msgctxt", ""), self.fields.get("msgid_plural", ""))

    @property
    def translations(self) -> list[str]:
        """Return its texts: one, or one for each plural form."""
        return [text for name, text in sorted(self.fields.items()) if name.startswith("msgstr")]


def catalogue_path(app: str) -> Path:
    """Return an app's Spanish catalogue."""
    return ROOT / app / "locale" / "es" / "LC_MESSAGES" / "django.po"


def all_catalogues() -> list[Path]:
    """Return every Spanish catalogue: those of the apps, and those for the words of others."""
    return sorted(path for app in APPS for path in (ROOT / app).rglob("locale/es/LC_MESSAGES/*.po"))


def read_catalogue(path: Path) -> list[Entry]:
    """Return a catalogue's messages, its header and obsolete ones aside."""
    entries, latest = [Entry()], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        match = FIELD.match(line)
        begins = line.startswith("#") or (match is not None and match[1] in {"msgctxt", "msgid"})
        if begins and "msgid" in entries[-1].fields:
            entries.append(Entry())
        if line.startswith("#,"):
            entries[-1].flags |= {flag.strip() for flag in line[2:].split(",")}
        elif match:
            latest = match[1]
            entries[-1].fields[latest] = ast.literal_eval(match[2])
        elif line.startswith('"'):
            entries[-1].fields[latest] += ast.literal_eval(line)
    return [entry for entry in entries if entry.fields.get("msgid")]


def messages_of(app: str) -> set[Key]:
    """Return every message that an app's code and templates ask for, its tests aside."""
    found: set[Key] = set()
    for path in (ROOT / app).rglob("*.py"):
        if "tests" not in path.relative_to(ROOT).parts:
            found.update(_in_code(ast.parse(path.read_text(encoding="utf-8"))))
    for path in (ROOT / app).rglob("*.html"):
        found.update(_in_template(path.read_text(encoding="utf-8")))
    return found


def _in_code(tree: ast.AST) -> Iterator[Key]:
    names = {
        imported.asname or imported.name: imported.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for imported in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        shape = FUNCTIONS.get(names.get(called, called))
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        if shape and texts:
            yield _key([str(text) for text in texts], *shape)


def _in_template(source: str) -> Iterator[Key]:
    for call in TEMPLATE_CALL.finditer(templatize(source)):
        texts = [ast.literal_eval(literal) for literal in re.findall(LITERAL, call[2])]
        yield _key(texts, *FUNCTIONS["gettext" if call[1] == "_" else call[1]])


def _key(texts: list[str], count: int, has_context: bool) -> Key:
    context, rest = (texts[0], texts[1:count]) if has_context else ("", texts[:count])
    return Key(rest[0], context, rest[1] if len(rest) > 1 else "")
