"""Words as the database and Python count them, chunks, languages."""

import pytest
from django.db import connection

from agents.services.chunking import chunk
from agents.services.language import guess_language, text_language
from agents.services.words import sentences, words

TEXTS = [
    "¿Cuál es el horario — de atención?",
    "don’t O'Brien's café naïve e-mail foo_bar v1.2.3",
    "1.000 pesos, 12:30, 3,5 % y 1,000,000 de años",
    "“quoted” 日本語 ﬁn Ünïcödé ½ x²",
    "línea uno\nlínea dos\ttab",
]


def folded(language: str, text: str) -> dict[str, list[int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT lexeme, positions FROM unnest(charla_fold(%s, %s))", [language, text])
        return dict(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("language", ["es", "en", "simple"])
def test_python_and_the_database_count_the_same_words(text: str, language: str) -> None:
    positions = sorted(place for places in folded(language, text).values() for place in places)
    assert positions == list(range(1, len(words(text)) + 1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("devolución", "devolucion"), ("camión", "camiones"), ("garantía", "garantias"), ("días", "día"),
        ("años", "ano"), ("contraseña", "contrasenas"), ("teléfono", "telefonos"), ("envíos", "ENVIO"),
    ],
)  # fmt: skip
def test_spanish_words_of_one_family_fold_alike_with_and_without_accents(one: str, other: str) -> None:
    assert folded("es", one).keys() == folded("es", other).keys()


@pytest.mark.django_db
def test_english_loses_its_accents_and_its_apostrophes() -> None:
    assert folded("en", "café's naïve don’t").keys() == folded("en", "cafe naive dont").keys()


def test_short_text_is_one_passage_and_long_text_loses_nothing() -> None:
    assert chunk("  Una respuesta. ") == ["Una respuesta."]
    assert chunk(" \n ") == []
    text = " ".join(f"Palabra{number} va aquí y sigue." for number in range(300))
    passages = chunk(text)
    assert len(passages) > 1
    assert " ".join(passages).split() == text.split()
    assert max(len(passage.split()) for passage in passages) <= 350


def test_a_text_without_full_stops_is_cut_too() -> None:
    assert max(len(passage.split()) for passage in chunk("palabra " * 5000)) <= 350


def test_sentences_keep_abbreviated_lines_apart() -> None:
    assert sentences("Uno. Dos? Tres\n\n- cuatro") == ["Uno.", "Dos?", "Tres", "- cuatro"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿Cuál es el horario de la tienda?", "es"),
        ("What are the opening hours of the shop?", "en"),
        ("horario", "es"),
        ("shipping costs", "en"),
        ("Hello!", "en"),
        ("Hello there", "en"),
        ("bye", "en"),
        ("¡Buenas tardes!", "es"),
    ],
)
def test_the_language_is_told_from_few_words(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_a_third_language_is_indexed_as_it_is() -> None:
    german = "Der Hauptübertragungsweg ist die Tröpfcheninfektion, die vorrangig über die Schleimhäute erfolgen kann."
    assert text_language(german) == "simple"
