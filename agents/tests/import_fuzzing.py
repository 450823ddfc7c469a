"""Inputs for the importer of knowledge by hypothesis: every format, bent.

By hand, the long tier (no crash, nothing slower than 2 s, less than 256 MB):

    manage.py shell -c "from agents.tests.import_fuzzing import main; main(100_000)"
"""

import gzip
import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from agents.services.documents import Entry
from agents.services.importing.entries import Entries
from agents.services.importing.importer import READERS
from agents.services.importing.records import Record, UnreadableFileError
from agents.services.importing.sources import describe
from tests.support.fuzzing import bent, long_tier

NAMES: Final = ["question", "answer", "pregunta", "respuesta", "title", "content", "language", "tags", "ñ"]
WORDS: Final = st.one_of(
    st.text(max_size=20), st.sampled_from(["¿Cuándo abren?", "At nine.", "", "\x00", "\ud800", "=1+1", "a?", "#", "es"])
)
LEAVES: Final = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS)
RECORDS: Final = st.builds(
    lambda told, more: {**told, **more},
    st.sampled_from([{"question": "When?", "answer": "At nine."}, {"pregunta": "¿Qué?", "respuesta": "Sí."}]),
    st.dictionaries(st.sampled_from(NAMES), LEAVES, max_size=3),
)
NESTS: Final = st.recursive(
    st.one_of(LEAVES, RECORDS, RECORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner)),
    max_leaves=8,
)
ELEMENTS: Final = st.recursive(
    st.sampled_from(["When?", "At nine.", "&amp;", "&#10;", "<![CDATA[x]]>", "<!-- x -->", "&lost;", "&#0;", ""]),
    lambda inner: st.builds(
        lambda name, more, inside: f"<{name}{more}>{''.join(inside)}</{name}>",
        st.sampled_from(["question", "answer", "i", "string-array", "item", "row", "q:a"]),
        st.sampled_from(["", ' name="x"', ' Id="1" PostTypeId="1" Title="T"', ' PostTypeId="2" ParentId="1" Body="b"']),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)
PIECES: Final[dict[str, list[str]]] = {
    "csv": ["When?,At nine.\n", '"¿Qué?";"Sí, ñ"\n', "answer", ",", ";", "\t", '"', '""', "\n", "\r\n", "When?",
            "ñ", "\x00", "\ufeff"],
    "xml": ["<a>", "</a>", "<q>", "</q>", '<row Id="1" PostTypeId="1" Title="T" Body="b"/>', "<![CDATA[", "]]>",
            "&amp;", "&#0;", "<!--", "<string-array>", "</string-array>", "<item>", "</item>", "<!DOCTYPE a>", "text",
            "<?xml?>"],
    "md": ["# ", "## One\n", "###### ", "```\n", "\n", "**", "text", "[a](b)", "| a | b |\n", "\u2028", "---\n"],
    "html": ["<title>", "</title>", "<p>", "<script>", "</script>", "<table>", "<td>", "&lt;", "&#x110000;", "text",
             "<", ">", "<!--", "<svg onload=x>", "</p>"],
    "txt": ["text", "\n", "\x00", "\u2029", "¿", "\ufffd"],
}  # fmt: skip
FORMATS: Final = ("csv", "json", "jsonl", "xml", "md", "html", "txt")


def encoded(text: str, encoding: str) -> bytes:
    """Return a text as bytes, halves of signs and all."""
    return text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


def inputs_of(format_: str) -> "st.SearchStrategy[bytes]":
    """Return a strategy of files of a format; some in other encodings, some packed."""
    encodings = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"])
    text: st.SearchStrategy[str]
    if format_ == "json":
        text = NESTS.map(json.dumps)
    elif format_ == "jsonl":
        text = st.lists(NESTS.map(json.dumps), max_size=3).map("\n".join)
    elif format_ == "xml":
        pieces = st.lists(st.one_of(ELEMENTS, ELEMENTS, st.sampled_from(PIECES["xml"])), max_size=5)
        text = pieces.map(lambda inside: f"<f>{''.join(inside)}</f>")
    else:
        text = st.lists(st.one_of(st.sampled_from(PIECES[format_]), WORDS), max_size=14).map("".join)
        if format_ == "csv":
            text = text.map(lambda rest: "question,answer\n" + rest)
    whole = bent(st.builds(encoded, text, encodings))
    return st.one_of(whole, whole, whole, bent(whole.map(lambda data: gzip.compress(data, 1))))


def read(format_: str, data: bytes, path: Path) -> dict[str, int]:
    """Read a file as the importer does; return how much of what came. Every entry can be stored."""
    path.write_bytes(data)
    counts: Counter[str] = Counter()
    try:
        source = describe(path, name=f"export.{format_}")
        entries = Entries({})
        for item in READERS[source.format](source, {}):
            found: Any = entries.read(item, source.name) if isinstance(item, Record) else [item]
            for one in found:
                counts[type(one).__name__] += 1
                if isinstance(one, Entry):
                    _check(one)
    except (UnreadableFileError, OSError, UnicodeError) as error:
        assert str(error)
        counts["refused"] += 1
    return dict(counts)


def _check(entry: Entry) -> None:
    texts = [entry.title, entry.content, entry.source, entry.language, entry.identity, *entry.metadata.values()]
    whole = "\n".join([*texts, *entry.metadata])
    whole.encode()
    assert "\x00" not in whole
    assert entry.content.strip()


def main(count: int) -> None:
    """Run the long tier, the inputs shared among the formats."""
    for format_ in FORMATS:
        share = -(-count // len(FORMATS))
        told = long_tier(format_, inputs_of(format_), partial(read, format_), share)
        sys.stdout.write(told + "\n")
        sys.stdout.flush()
