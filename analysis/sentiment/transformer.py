"""The analyzer for those who run a neural model: a folder with weights, read by the package transformers.

Neither comes with Charla. `pip install transformers torch`, put a text classification model of three moods (or of one
to five stars) into a folder, and name it in CHARLA_SENTIMENT_MODEL.
"""

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

from analysis.sentiment.features import prepared
from analysis.sentiment.lexical import LexicalAnalyzer
from analysis.sentiment.mood import NEGATIVE, NEUTRAL, POSITIVE, SENTIMENTS, Mood

PACKAGES: Final = ("transformers", "torch")
NAME: Final = "transformers 1"
LONGEST: Final = 2_000
LABELS: Final = {
    "negative": NEGATIVE, "neg": NEGATIVE, "negativo": NEGATIVE, "label_0": NEGATIVE, "1 star": NEGATIVE,
    "2 stars": NEGATIVE, "neutral": NEUTRAL, "neu": NEUTRAL, "label_1": NEUTRAL, "3 stars": NEUTRAL, "mixed": NEUTRAL,
    "positive": POSITIVE, "pos": POSITIVE, "positivo": POSITIVE, "label_2": POSITIVE, "4 stars": POSITIVE,
    "5 stars": POSITIVE,
}  # fmt: skip
"""What models call the moods. `label_0` to `label_2` are what the best-known ones for tweets mean by them."""
Classify = Callable[[str], Iterable[dict[str, Any]]]


class ModelUnavailableError(RuntimeError):
    """The model cannot be used; the message says what is missing."""


def missing(folder: str) -> str:
    """Return what is missing to use the model of a folder, in English for logs and checks; empty when nothing is."""
    if not folder:
        return "CHARLA_SENTIMENT_MODEL names no folder."
    if not (Path(folder) / "config.json").is_file():
        return f"CHARLA_SENTIMENT_MODEL names {folder}, where there is no model (config.json)."
    absent = [package for package in PACKAGES if find_spec(package) is None]
    return f"The packages {' and '.join(absent)} are not installed." if absent else ""


def load(folder: str) -> Classify:
    """Return the classifier of a folder; nothing is fetched, and no code that lies beside weights is run."""
    if lacks := missing(folder):
        raise ModelUnavailableError(lacks)
    package = import_module("transformers")
    options = {"local_files_only": True, "trust_remote_code": False}
    model = package.AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True, **options)
    words = package.AutoTokenizer.from_pretrained(folder, **options)
    pipeline = package.pipeline("text-classification", model=model, tokenizer=words)
    return lambda text: _first(pipeline(text, top_k=None, truncation=True))


def _first(answer: list[Any]) -> Iterable[dict[str, Any]]:
    """Undo the list around one text's answer that some versions put there."""
    return answer[0] if answer and isinstance(answer[0], list) else answer


class TransformersAnalyzer:
    """Reads any language that the model knows. The model is loaded at the first message, in the process that reads."""

    is_fast = False

    def __init__(self, folder: str, load: Callable[[str], Classify] = load) -> None:
        self.folder = folder
        self.name = f"{NAME}, {re.sub(r'[^A-Za-z0-9._-]', '', Path(folder).name)[:40]}"
        self._load = load
        self._classify: Classify | None = None
        self._lock = Lock()

    def analyze(self, text: str, language: str) -> Mood:
        """Return the mood of a text; ModelUnavailableError when the model cannot be read or tells something else."""
        if not text.strip():
            return LexicalAnalyzer().analyze(text, language)
        shares = dict.fromkeys(SENTIMENTS, 0.0)
        for found in self._model()(prepared(text)[:LONGEST]):
            label = LABELS.get(str(found["label"]).lower())
            if label is None:
                raise ModelUnavailableError(f"The model in {self.folder} tells “{found['label']}”, which is no mood.")
            shares[label] += float(found["score"])
        sentiment = max(shares, key=lambda label: shares[label])
        score = max(-1.0, min(1.0, shares[POSITIVE] - shares[NEGATIVE]))
        return Mood(sentiment, round(score, 4), round(min(shares[sentiment], 1.0), 4), language, self.name)

    def _model(self) -> Classify:
        with self._lock:
            if self._classify is None:
                self._classify = self._load(self.folder)
            return self._classify
