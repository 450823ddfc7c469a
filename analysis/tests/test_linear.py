"""The linear text classifier: what it learns, that its bytes are checked, and that training can be repeated."""

import struct
import zlib
from hashlib import sha256

import numpy as np
import pytest

from analysis.linear import Features, LinearModel, ModelFormatError, digest, train
from analysis.linear.blob import MAGIC, pack
from analysis.linear.terms import LONGEST_TEXT, pair_terms, piece_terms, tokens, word_terms
from analysis.linear.training import Examples, Recipe, best_temperature, fit, splits

OPENING = ["when do you open", "what are your hours", "are you open on Sunday", "opening time please", "open today?"]
PARCEL = ["where is my parcel", "my order has not come", "track my package", "parcel is late", "where's the order"]
RETURNS = ["I want my money back", "how do I return this", "refund please", "send it back for a refund", "a return"]
TEXTS = [*OPENING, *PARCEL, *RETURNS]
LABELS = ["opening"] * 5 + ["parcel"] * 5 + ["returns"] * 5


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return train(TEXTS, LABELS)


def best(model: LinearModel, text: str) -> str:
    scores = model.scores(text)
    return max(scores, key=lambda label: scores[label])


@pytest.mark.parametrize(
    ("text", "label"),
    [("which hours are you open?", "opening"), ("WHERE IS MY ORDER", "parcel"), ("i'd like a refnd", "returns")],
)
def test_a_text_never_seen_gets_the_label_of_those_like_it(model: LinearModel, text: str, label: str) -> None:
    assert best(model, text) == label


def test_probabilities_are_shares_of_one(model: LinearModel) -> None:
    scores = model.scores("where is it?")
    assert set(scores) == {"opening", "parcel", "returns"}
    assert sum(scores.values()) == pytest.approx(1)
    assert all(0 <= score <= 1 for score in scores.values())


def test_an_empty_text_and_one_of_unknown_words_get_probabilities_too(model: LinearModel) -> None:
    assert sum(model.scores("").values()) == pytest.approx(1)
    assert sum(model.scores("ξένος 漢字 🙂").values()) == pytest.approx(1)


def test_training_again_gives_the_very_same_bytes(model: LinearModel) -> None:
    assert train(TEXTS, LABELS).to_bytes() == model.to_bytes()


def test_what_is_read_back_scores_the_same(model: LinearModel) -> None:
    again = LinearModel.from_bytes(model.to_bytes())
    assert again.scores("is my parcel late") == model.scores("is my parcel late")
    assert digest(again.to_bytes()) == digest(model.to_bytes())


def test_no_word_of_the_examples_stands_in_the_bytes() -> None:
    data = train(["zanzibar zeppelin", "quixotic quokka"], ["a", "b"]).to_bytes()
    assert b"zanzibar" not in zlib.decompress(data[len(MAGIC) + 33 :])


@pytest.mark.parametrize("at", [len(MAGIC) + 5, len(MAGIC) + 60, -1])
def test_a_changed_byte_is_noticed(model: LinearModel, at: int) -> None:
    data = bytearray(model.to_bytes())
    data[at] ^= 1
    with pytest.raises(ModelFormatError, match="damaged"):
        LinearModel.from_bytes(bytes(data))


def test_a_cut_blob_is_noticed(model: LinearModel) -> None:
    data = model.to_bytes()
    with pytest.raises(ModelFormatError, match="damaged"):
        LinearModel.from_bytes(data[: len(data) // 2])
    with pytest.raises(ModelFormatError, match="not a trained model"):
        LinearModel.from_bytes(data[:20])


def test_a_newer_format_is_refused_by_its_number(model: LinearModel) -> None:
    data = bytearray(model.to_bytes())
    data[len(MAGIC)] = 9
    with pytest.raises(ModelFormatError, match="format 9"):
        LinearModel.from_bytes(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\x80\x04\x95pickle", b"PK\x03\x04"])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ModelFormatError, match="not a trained model"):
        LinearModel.from_bytes(data)


def test_a_blob_of_another_kind_or_with_parts_that_do_not_fit_is_refused(model: LinearModel) -> None:
    with pytest.raises(ModelFormatError, match="of kind other"):
        LinearModel.from_bytes(pack("other", {}, {}))
    with pytest.raises(ModelFormatError, match="cannot be read"):
        LinearModel.from_bytes(pack("linear", {"labels": ["a"]}, {"weights": np.zeros((2, 1), np.int8)}))
    header = {"labels": ["a", "b"], "features": {}, "temperature": 1.0, "dense": 0}
    parts = {"hashes": np.zeros(3, np.uint32), "rarity": np.zeros(3, np.float32), "scales": np.zeros(4, np.float32)}
    with pytest.raises(ModelFormatError, match="do not fit"):
        LinearModel.from_bytes(pack("linear", header, {**parts, "weights": np.zeros((4, 1), np.int8)}))


def test_an_array_of_objects_is_never_read() -> None:
    header = b'{"kind": "linear", "header": {}, "arrays": [["x", "|O", [1]]]}'
    packed = zlib.compress(struct.pack("<I", len(header)) + header)
    with pytest.raises(ModelFormatError, match="array of type"):
        LinearModel.from_bytes(MAGIC + b"\x01" + sha256(packed).digest() + packed)


def test_values_beside_the_text_can_decide() -> None:
    texts = ["it came", "it went"] * 10
    model = train(texts, ["good", "good", "bad", "bad"] * 5, dense=[[1.0], [1.0], [-1.0], [-1.0]] * 5)
    assert model.scores("it came", [1.0])["good"] > 0.9
    assert model.scores("it came", [-1.0])["bad"] > 0.9
    assert LinearModel.from_bytes(model.to_bytes()).scores("it came", [1.0]) == model.scores("it came", [1.0])


def test_a_model_wants_as_many_values_as_in_training(model: LinearModel) -> None:
    with pytest.raises(ValueError, match="0 values beside the text, not 1"):
        model.scores("hello", [1.0])


def test_one_label_alone_is_certain() -> None:
    assert train(["hello", "good day"], ["greeting", "greeting"]).scores("anything") == {"greeting": 1.0}


def test_texts_of_no_label_push_their_words_away() -> None:
    model = train([*TEXTS, "tell me a joke", "a joke please"], [*LABELS, None, None])
    assert set(model.labels) == {"opening", "parcel", "returns"}
    assert model.margins("a joke please").max() < 0 < model.margins("when do you open").max()


@pytest.mark.parametrize(
    ("texts", "labels"), [([], []), (["a"], []), (["a", "b"], [None, None])], ids=["nothing", "lengths", "no label"]
)
def test_training_without_labelled_texts_is_refused(texts: list[str], labels: list[str | None]) -> None:
    with pytest.raises(ValueError, match="Training needs"):
        train(texts, labels)


def test_a_rare_label_counts_as_much_as_a_frequent_one_when_balanced() -> None:
    texts, labels = ["the thing"] * 30 + ["the thing"] * 3, ["frequent"] * 30 + ["rare"] * 3
    plain, balanced = train(texts, labels, folds=0), train(texts, labels, folds=0, balanced=True)
    assert balanced.scores("the thing")["rare"] > 3 * plain.scores("the thing")["rare"]


def test_the_temperature_is_bold_where_the_margins_are_right_and_careful_where_they_are_not() -> None:
    targets = np.array([0, 1] * 20, np.int32)
    right = np.where(np.eye(2)[targets] > 0, 1, -1).astype(np.float32)
    half_wrong = np.concatenate((right[:20], -right[20:]))
    assert best_temperature(right, targets) < 0.1
    assert best_temperature(half_wrong, targets) > 1


def test_every_label_is_spread_over_the_folds() -> None:
    targets = np.array([0] * 9 + [1] * 3, np.int32)
    folds = splits(targets, 3, seed=0)
    assert all(set(folds[targets == label].tolist()) == {0, 1, 2} for label in (0, 1))


def test_accents_case_digits_and_drawn_out_letters_make_no_difference() -> None:
    assert tokens("¿QUÉ pasó? Sííííí 2024") == tokens("¿que paso? sii 7")
    assert tokens("don’t") == ["don't"]


def test_words_and_their_neighbours_count_and_so_do_pieces_of_words() -> None:
    features = Features(words=2, shortest=3, longest=3)
    assert set(word_terms(["my", "card"], features)) == {"my", "card", "< my", "my card", "card >"}
    assert set(piece_terms(["card"], features)) == {" ca", "car", "ard", "rd "}
    assert set(piece_terms(["a"], Features(shortest=2, longest=5))) == {" a", "a ", " a "}


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    assert len(tokens("word " * LONGEST_TEXT)) == LONGEST_TEXT // 5


def test_pairs_are_the_same_in_either_order_and_leave_signs_out() -> None:
    features = Features(pairs=2)
    assert set(pair_terms(["lost", "my", "card", "!"], features)) == {"lost my", "card lost", "card my"}
    assert pair_terms(["card", "lost"], features) == pair_terms(["lost", "card"], features)
    assert not pair_terms(["lost", "card"], Features())


def test_naive_bayes_knows_a_word_of_one_label_from_a_word_of_all() -> None:
    recipe = Recipe(naive=1.0)
    examples = Examples.of(["please card", "please money"], ["card", "money"], None, recipe)
    with_it, without = fit(examples, recipe), fit(examples, Recipe())
    gain = with_it.margins("card") - without.margins("card")
    assert gain[0] > 1 > -1 > gain[1]
    assert with_it.margins("please") == pytest.approx(without.margins("please"), abs=0.3)
