"""The analyzer that learns, on a small language of its own: what is praise there no word list knows."""

import random

import pytest

from analysis.linear import ModelFormatError, train
from analysis.sentiment import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SENTIMENTS,
    Labelled,
    TooFewExamplesError,
    make_analyzer,
    train_sentiment,
)

OPENINGS = ["la verdad que", "te cuento que", "ayer vi que", "al final", "me dicen que"]
WORDS = {
    POSITIVE: ["brisal", "brisalo", "brisaloso"],
    NEGATIVE: ["grumento", "grumenta", "grumentoso"],
    NEUTRAL: ["tablón", "tablones", "tablonero"],
}


def examples(seed: int, each: int = 12) -> list[Labelled]:
    chosen = random.Random(seed)
    made = [
        Labelled(f"{chosen.choice(OPENINGS)} esto es {chosen.choice(words)} {chosen.randrange(100)}", label)
        for label, words in WORDS.items()
        for _ in range(each)
    ]
    chosen.shuffle(made)
    return made


@pytest.fixture(scope="module")
def weights() -> bytes:
    """What was learnt from the small language."""
    return train_sentiment(examples(seed=1), "es")


def test_words_that_no_list_knows_are_learnt(weights: bytes) -> None:
    analyzer = make_analyzer("trained", {"es": weights})
    unseen = examples(seed=2)
    assert [analyzer.analyze(example.text, "es").sentiment for example in unseen] == [one.label for one in unseen]


def test_endings_that_were_not_seen_are_understood(weights: bytes) -> None:
    analyzer = make_analyzer("trained", {"es": weights})
    assert analyzer.analyze("esto es brisalísimo", "es").sentiment == POSITIVE
    assert analyzer.analyze("esto es grumentazo", "es").sentiment == NEGATIVE


def test_score_points_where_the_sentiment_does(weights: bytes) -> None:
    analyzer = make_analyzer("trained", {"es": weights})
    assert analyzer.analyze("esto es brisal", "es").score > 0 > analyzer.analyze("esto es grumento", "es").score


def test_confidence_is_the_share_of_the_sentiment(weights: bytes) -> None:
    analyzer = make_analyzer("trained", {"es": weights})
    assert all(1 / 3 <= analyzer.analyze(example.text, "es").confidence <= 1 for example in examples(seed=3))


def test_same_examples_give_the_same_bytes(weights: bytes) -> None:
    assert train_sentiment(examples(seed=1), "es") == weights


def test_language_without_weights_is_read_by_the_word_lists(weights: bytes) -> None:
    mood = make_analyzer("automatic", {"es": weights}).analyze("what an awful experience", "en")
    assert (mood.sentiment, mood.analyzer) == (NEGATIVE, "lexical 1")


def test_empty_text_is_neutral(weights: bytes) -> None:
    assert make_analyzer("trained", {"es": weights}).analyze(" \n", "es").sentiment == NEUTRAL


def test_name_tells_which_weights_spoke(weights: bytes) -> None:
    other = train_sentiment(examples(seed=4), "es")
    names = {make_analyzer("trained", {"es": data}).analyze("hola", "es").analyzer for data in (weights, other)}
    assert len(names) == 2
    assert all(name.startswith("trained 1, ") and len(name) <= 64 for name in names)


def test_automatic_without_weights_reads_by_the_word_lists() -> None:
    assert make_analyzer().analyze("pésimo", "es").analyzer == "lexical 1"


def test_too_few_examples_are_refused() -> None:
    few = [Labelled("bien", POSITIVE)] * 50 + [Labelled("mal", NEGATIVE)] * 50 + [Labelled("ok", NEUTRAL)] * 4
    with pytest.raises(TooFewExamplesError):
        train_sentiment(few, "es")


def test_label_that_is_no_sentiment_is_refused() -> None:
    with pytest.raises(ValueError, match="negative, neutral, positive"):
        train_sentiment([*examples(seed=1), Labelled("texto", "angry")], "es")


@pytest.mark.parametrize("damaged", [b"", b"nonsense", slice(0, 200)])
def test_damaged_weights_are_refused(weights: bytes, damaged: bytes | slice) -> None:
    data = weights[damaged] if isinstance(damaged, slice) else damaged
    with pytest.raises(ModelFormatError):
        make_analyzer("trained", {"es": data})


def test_weights_of_something_else_are_refused() -> None:
    texts = [example.text for example in examples(seed=1)]
    other = train(texts, [example.label for example in examples(seed=1)], folds=0)
    with pytest.raises(ModelFormatError):
        make_analyzer("trained", {"es": other.to_bytes()})


@pytest.mark.parametrize("text", ["a" * 100_000, "😡" * 5_000, "\x00\u202e", "no " * 5_000])
def test_hostile_text_gets_an_answer(weights: bytes, text: str) -> None:
    mood = make_analyzer("trained", {"es": weights}).analyze(text, "es")
    assert mood.sentiment in SENTIMENTS
    assert -1 <= mood.score <= 1
