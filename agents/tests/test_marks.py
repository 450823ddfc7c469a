"""What a model says of its reply is read and never shown."""

import random

import pytest

from agents.providers.marks import MarkReader

EXACT = [
    ("[[answer 1, 3]]\nAbrimos a las nueve.", "answer", [1, 3], "Abrimos a las nueve."),
    ("[[unknown]]\nI do not know.", "unknown", [], "I do not know."),
    ("[[human]] Of course.", "human", [], "Of course."),
    ("**[[ANSWER: #2]]**\n\nYes.", "answer", [2], "Yes."),
    ("\n [[Answer]]\nYes.", "answer", [], "Yes."),
    ("[unknown]\nNo sé.", "unknown", [], "No sé."),
    ("[desconocido] No sé.", "unknown", [], "No sé."),
    ("`[[humano]]`\nClaro.", "human", [], "Claro."),
    ("Yes, at nine.\n\n[[answer 1]]", "answer", [1], "Yes, at nine."),
    ("At nine. [[answer 1]] And at ten. [[answer 2]]", "answer", [1, 2], "At nine. And at ten."),
    ("No mark at all.", None, [], "No mark at all."),
    ("See [1] and [the map](https://x.example/[a]).", None, [], "See [1] and [the map](https://x.example/[a])."),
    ("[Ana](https://ana.example) writes [[wiki]] links", None, [], "[Ana](https://ana.example) writes [[wiki]] links"),
    ("**Bold** and _so on_ *", None, [], "**Bold** and _so on_ *"),
    ("[[answer 1]]", "answer", [1], ""),
    ("[[unknown", None, [], "[[unknown"),
    ("[[unknown]]\n\n[[human]]\nText", "unknown", [], "Text"),
    ("", None, [], ""),
    ("1. one\n2. two\n\n", None, [], "1. one\n2. two"),
]  # fmt: skip


def read(text: str, sizes: random.Random | None) -> tuple[MarkReader, str]:
    reader, shown, position = MarkReader(), "", 0
    while position < len(text):
        size = sizes.randint(1, 6) if sizes else len(text)
        shown += reader.feed(text[position : position + size])
        position += size
    return reader, shown + reader.finish()


@pytest.mark.parametrize(("text", "kind", "cited", "shown"), EXACT)
@pytest.mark.parametrize("seed", [None, *range(8)])
def test_a_mark_is_read_however_it_is_cut(
    text: str, kind: str | None, cited: list[int], shown: str, seed: int | None
) -> None:
    reader, said = read(text, None if seed is None else random.Random(seed))
    assert (reader.kind, reader.cited, said) == (kind, cited, shown)


def test_nothing_of_a_mark_is_shown_before_it_is_whole() -> None:
    reader = MarkReader()
    assert [reader.feed(piece) for piece in ("[", "[ans", "wer 1", "]", "]", "\n", "Yes", ".")] == [
        "", "", "", "", "", "", "Yes", "."
    ]  # fmt: skip


def test_text_without_a_mark_comes_at_once() -> None:
    reader = MarkReader()
    assert reader.feed("Abrimos ") == "Abrimos"
    assert reader.feed("a las nueve") == " a las nueve"
