"""The messages with a sentiment that analyzers are measured on, read from the folder that CHARLA_DATASETS names.

Nothing of them is kept in the project.
"""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

from analysis.sentiment import Labelled


def umsab(folder: Path, language: str, part: str) -> list[Labelled]:
    """Return a part (train, val, test) of UMSAB: tweets, a third of each sentiment."""
    return _rows((folder / f"sentiment_umsab/{language}.{part}.jsonl").read_text("utf-8").splitlines())


def tweeteval(folder: Path) -> list[Labelled]:
    """Return the development half of TweetEval's test part."""
    with gzip.open(folder / "sentiment_tweeteval/en.test.jsonl.gz", "rt", encoding="utf-8") as file:
        return _rows(file)


def _rows(lines: Iterable[str]) -> list[Labelled]:
    return [Labelled(row["text"], row["label"]) for row in map(json.loads, lines)]
