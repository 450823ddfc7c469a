"""The figures by which analyzers are compared, and that real messages are still read as well as they were."""

import os
from pathlib import Path

import pytest

from analysis.sentiment import NEGATIVE, NEUTRAL, POSITIVE, Labelled, Mood, evaluate, make_analyzer, train_sentiment
from benchmarks.sentiment_sets import umsab


class Oracle:
    """Finds in a text the sentiment that the text itself names, always as sure."""

    name = "oracle"
    is_fast = True

    def __init__(self, confidence: float) -> None:
        self.confidence = confidence

    def analyze(self, text: str, language: str) -> Mood:
        """Return what the text says."""
        return Mood(text, 0.0, self.confidence, language, self.name)


def told(*pairs: tuple[str, str]) -> list[Labelled]:
    return [Labelled(said, right) for said, right in pairs]


def test_all_right_scores_one() -> None:
    scores = evaluate(Oracle(1.0), told(*[(label, label) for label in (NEGATIVE, NEUTRAL, POSITIVE)]), "es")
    assert (scores.macro_f1, scores.macro_recall, scores.accuracy, scores.texts) == (1.0, 1.0, 1.0, 3)
    assert scores.calibration_error == 0


def test_f1_of_each_sentiment_counts_what_was_missed_and_what_was_wrongly_named() -> None:
    rows = told((NEGATIVE, NEGATIVE), (NEGATIVE, POSITIVE), (POSITIVE, POSITIVE), (NEUTRAL, NEGATIVE))
    scores = evaluate(Oracle(0.5), rows, "es")
    assert scores.f1 == {NEGATIVE: pytest.approx(0.5), NEUTRAL: 0.0, POSITIVE: pytest.approx(2 / 3)}
    assert scores.macro_f1 == pytest.approx((0.5 + 2 / 3) / 3)
    assert scores.recall == {NEGATIVE: 0.5, NEUTRAL: 0.0, POSITIVE: 0.5}


def test_calibration_error_is_how_far_confidence_is_from_being_right() -> None:
    rows = told((NEGATIVE, NEGATIVE), (NEGATIVE, POSITIVE))
    assert evaluate(Oracle(0.9), rows, "es").calibration_error == pytest.approx(0.4)


def test_nothing_to_read_scores_nothing() -> None:
    assert evaluate(Oracle(1.0), [], "es").accuracy == 0


@pytest.fixture
def folder() -> Path:
    """Where the data sets are."""
    path = Path(os.environ.get("CHARLA_DATASETS", "/nowhere"))
    if not path.is_dir():
        print(f"The data sets were not tried: CHARLA_DATASETS={path} is no folder.")  # noqa: T201 - decision 38
        pytest.skip("no data sets")
    return path


@pytest.mark.datasets
@pytest.mark.parametrize(("language", "shipped", "learnt"), [("es", 0.58, 0.60), ("en", 0.57, 0.595)])
def test_real_messages_are_read_as_well_as_before(folder: Path, language: str, shipped: float, learnt: float) -> None:
    test = umsab(folder, language, "test")
    weights = train_sentiment(umsab(folder, language, "train"), language)
    assert evaluate(make_analyzer("lexical"), test, language).macro_f1 >= shipped
    assert evaluate(make_analyzer("trained", {language: weights}), test, language).macro_f1 >= learnt


@pytest.mark.datasets
def test_no_message_of_a_data_set_stands_in_the_word_lists(folder: Path) -> None:
    words = Path(__file__).parents[1] / "sentiment/words"
    shipped = " ".join(path.read_text("utf-8") for path in words.glob("*.txt")).replace("_", " ")
    texts = [
        row.text
        for language in ("es", "en")
        for part in ("train", "val", "test")
        for row in umsab(folder, language, part)
    ]
    assert [text for text in texts if len(text) > 25 and text.lower() in shipped] == []
