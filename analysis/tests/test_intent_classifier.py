"""Intents told from examples: what is recognised, what is left alone, and that little is enough to begin with."""

import time
from collections.abc import Sequence

import pytest

from analysis.intents import IntentClassifier, NoExamplesError, train_intents
from analysis.linear import LinearModel, ModelFormatError
from analysis.linear.blob import pack

EXAMPLES = {
    "opening_hours": [
        "when do you open", "what are your opening hours", "are you open on Sunday", "until what time are you open",
        "is the shop open today",
    ],
    "where_is_my_order": [
        "where is my parcel", "my order has not come", "track my package", "the delivery is late",
        "when does it arrive",
    ],
    "refund": [
        "I want my money back", "how do I return this", "a refund please", "can I send it back",
        "I'd like to return it",
    ],
    "horario": [
        "¿a qué hora abren?", "¿cuál es el horario?", "¿abren los domingos?", "¿hasta qué hora están?",
        "horario de hoy",
    ],
    "devolución": [
        "quiero que me devuelvan el dinero", "¿cómo devuelvo esto?", "quiero una devolución",
        "no me gusta, lo devuelvo", "quiero devolver el pedido",
    ],
}  # fmt: skip
OUTSIDE = [
    "tell me a joke", "what is the capital of France", "how old are you", "do you like music", "who won the match",
    "write me a poem", "what is two and two", "cuéntame un chiste", "¿quién ganó el partido?", "¿te gusta la música?",
]  # fmt: skip


@pytest.fixture(scope="module")
def classifier() -> IntentClassifier:
    return train_intents(EXAMPLES)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("What time do you open?", "opening_hours"),
        ("where's my order", "where_is_my_order"),
        ("I would like a refund", "refund"),
        ("A QUE HORA ABREN", "horario"),
        ("quisiera devolver un pedido", "devolución"),
    ],
)
def test_five_examples_an_intent_are_enough_to_recognise_others(
    classifier: IntentClassifier, text: str, intent: str
) -> None:
    assert classifier.classify(text).name == intent


def test_every_example_has_its_own_intent(classifier: IntentClassifier) -> None:
    assert all(classifier.classify(text).name == name for name, texts in EXAMPLES.items() for text in texts)


@pytest.mark.parametrize("text", ["", "   ", "🙂🙂", "ξένος κόσμος", "xkcd zzz qwrtp"])
def test_a_text_without_a_known_word_has_no_intent(classifier: IntentClassifier, text: str) -> None:
    assert classifier.classify(text).name is None


def test_with_examples_of_what_is_none_of_them_such_texts_have_no_intent() -> None:
    classifier = train_intents(EXAMPLES, OUTSIDE)
    assert classifier.classify("tell me another joke").name is None
    assert classifier.classify("cuéntame otro chiste").name is None
    assert classifier.classify("are you open today?").name == "opening_hours"
    assert set(classifier.intents) == set(EXAMPLES)


def test_a_few_texts_of_none_of_them_count_too() -> None:
    assert train_intents(EXAMPLES, ["is your heart open"]).classify("is your heart open").name is None


def test_confidence_is_a_probability(classifier: IntentClassifier) -> None:
    sure = classifier.classify("when do you open", least=0)
    unsure = classifier.classify("open the parcel refund", least=0)
    assert 0 <= unsure.confidence < sure.confidence <= 1


def test_a_tenant_can_ask_for_more_certainty_or_for_less(classifier: IntentClassifier) -> None:
    assert classifier.classify("what are your opening hours", least=1.01).name is None
    assert classifier.classify("qwrtp", least=0).name in EXAMPLES


def test_one_intent_alone_is_told_from_texts_that_share_nothing_with_it() -> None:
    classifier = train_intents({"refund": EXAMPLES["refund"]})
    assert classifier.classify("a refund please").name == "refund"
    assert classifier.classify("ξένος κόσμος").name is None


def test_one_example_an_intent_is_enough_to_start() -> None:
    classifier = train_intents({"refund": ["I want a refund"], "hours": ["when do you open"]})
    assert classifier.classify("a refund").name == "refund"
    assert classifier.classify("do you open").name == "hours"


@pytest.mark.parametrize("examples", [{}, {"refund": []}, {"refund": ["  "]}])
def test_without_any_example_there_is_nothing_to_learn(examples: dict[str, Sequence[str]]) -> None:
    with pytest.raises(NoExamplesError):
        train_intents(examples)


def test_an_intent_without_examples_is_left_out() -> None:
    assert train_intents({**EXAMPLES, "empty": []}).intents == tuple(sorted(EXAMPLES))


def test_the_order_of_the_intents_makes_no_difference(classifier: IntentClassifier) -> None:
    assert train_intents(dict(reversed(EXAMPLES.items()))).to_bytes() == classifier.to_bytes()


def test_what_is_read_back_classifies_the_same(classifier: IntentClassifier) -> None:
    again = IntentClassifier.from_bytes(classifier.to_bytes())
    assert again.classify("open today?") == classifier.classify("open today?")
    assert again.version == classifier.version


def test_other_examples_are_another_version(classifier: IntentClassifier) -> None:
    assert train_intents({**EXAMPLES, "refund": ["money back"]}).version != classifier.version


def test_damaged_foreign_and_outdated_bytes_are_refused(classifier: IntentClassifier) -> None:
    with pytest.raises(ModelFormatError, match="damaged"):
        IntentClassifier.from_bytes(classifier.to_bytes()[:-9])
    with pytest.raises(ModelFormatError, match="of kind linear"):
        IntentClassifier.from_bytes(classifier.model.to_bytes())
    with pytest.raises(ModelFormatError, match="of kind intents"):
        LinearModel.from_bytes(classifier.to_bytes())
    with pytest.raises(ModelFormatError, match="Train it anew"):
        IntentClassifier.from_bytes(pack("intents", {"name": "intents 0", "threshold": 0}, {}))


def test_a_message_is_classified_in_less_than_five_milliseconds(classifier: IntentClassifier) -> None:
    took = []
    for _round in range(20):
        began = time.thread_time()
        classifier.classify("Hello, could you please tell me where my parcel is? It should have come on Monday.")
        took.append(time.thread_time() - began)
    assert sorted(took)[10] < 0.005
