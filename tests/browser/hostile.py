"""Texts that want to be more than text: our own, and all of the data sets where CHARLA_DATASETS names them."""

import json
import os
import warnings
from pathlib import Path
from typing import Final

OWN: Final = [
    "<script>window.__hacked = 1</script>",
    "<img src=x onerror=window.__hacked=1>",
    "[click](javascript:window.__hacked=1)",
    "[click](data:text/html,<script>window.__hacked=1</script>)",
    'https://example.com/"onmouseover="window.__hacked=1',
    "**<b onmouseover=window.__hacked=1>bold</b>**",
    "```\n<svg onload=window.__hacked=1>\n```",
    "{{constructor.constructor('window.__hacked=1')()}}",
    "\u202eright to left\u202c and \u0336strike and z\u0351\u036ba\u0300l\u034ego",
    "ﷺ" * 50,
    "👩‍👩‍👧‍👦🏳️‍🌈 emoji families",
    "[" * 3_000 + "](" * 3_000,
    "**" * 4_000,
    "`" * 9_000,
    "[a](http://" * 900,
    "a\u2028b\u2029c\u0085d\ufeffe",
]


def corpus(*, every: int = 1) -> list[str]:
    """Return our own strings and those of the data sets that PostgreSQL can store, each once.

    `every`: of the data sets' every so-manieth alone, unless CHARLA_CORPUS=all wants all of them everywhere.
    """
    every = 1 if os.environ.get("CHARLA_CORPUS") == "all" else every
    folder = Path(os.environ.get("CHARLA_DATASETS", "/nonexistent")) / "bad_input"
    listed: list[str] = []
    if folder.is_dir():
        listed = [entry["text"] for entry in json.loads((folder / "blns.json").read_text())]
        lines = (folder / "attack_payloads.jsonl").read_text().splitlines()
        listed += [entry["text"] for entry in map(json.loads, lines)]
    else:
        warnings.warn("CHARLA_DATASETS names no bad_input: only our own strings were tried", stacklevel=2)
    texts = (text.encode("utf-8", "replace").decode() for text in [*OWN, *listed[::every]] if _is_storable(text))
    return list(dict.fromkeys(texts))


def _is_storable(text: str) -> bool:
    return bool(text.strip()) and "\x00" not in text
