"""The word lists: what they make of sentences that people write to a business, in both languages."""

import pytest

from analysis.sentiment import NEGATIVE, NEUTRAL, POSITIVE, analyze, make_analyzer
from analysis.sentiment.lexicon import Lexicon, lexicon, signs


def score(text: str, language: str = "es") -> float:
    return analyze(text, language).score


@pytest.mark.parametrize(
    "text",
    [
        "Excelente servicio, quedé muy contenta",
        "¡Mil gracias, me ayudaron un montón!",
        "Re copado el pibe que me atendió, un genio",
        "La app mola un montón",
        "Qué chévere, llegó antes de tiempo",
        "Está padrísimo, lo recomiendo",
        "Todo perfecto 👍",
        "Me encanta!!!",
        "nada mal, la verdad",
        "Pensé que sería malo pero fue estupendo",
    ],
)
def test_praise_in_spanish_is_positive(text: str) -> None:
    assert analyze(text, "es").sentiment == POSITIVE


@pytest.mark.parametrize(
    "text",
    [
        "Pésimo servicio, llevo tres horas esperando",
        "La aplicación no funciona",
        "nadie me responde",
        "Es una estafa, quiero mi dinero de vuelta",
        "Estoy harta de esperar 😡",
        "Qué asco de atención",
        "El paquete llegó roto",
        "No me gusta nada cómo me trataron",
        "Al principio bien, pero ahora es un desastre",
        "Ni me contestan ni me devuelven la plata",
        "me cobraron de más y sin avisar",
        "Son unos inútiles",
        "LA PEOR COMPAÑÍA",
        "pesimooooo",
    ],
)
def test_complaint_in_spanish_is_negative(text: str) -> None:
    assert analyze(text, "es").sentiment == NEGATIVE


@pytest.mark.parametrize(
    "text",
    [
        "¿Cuál es el horario de atención?",
        "Hola, buenos días",
        "Quisiera cambiar la dirección de mi pedido",
        "El número es 4512",
        "No",
        "mañana por la tarde",
        "Hola, quisiera saber si abren el sábado, gracias",
        "",
        "😶‍🌫️ 12:30",
    ],
)
def test_plain_request_in_spanish_is_neutral(text: str) -> None:
    assert analyze(text, "es").sentiment == NEUTRAL


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Great service, thank you so much!", POSITIVE),
        ("It works perfectly now", POSITIVE),
        ("I love it 😍", POSITIVE),
        ("The app keeps crashing and nobody answers", NEGATIVE),
        ("This doesn’t work at all", NEGATIVE),
        ("I want my money back", NEGATIVE),
        ("You charged twice, this is unacceptable", NEGATIVE),
        ("What time do you open?", NEUTRAL),
        ("My order number is 4512", NEUTRAL),
        ("", NEUTRAL),
    ],
)
def test_english_is_read_with_support_words(text: str, sentiment: str) -> None:
    assert analyze(text, "en").sentiment == sentiment


def test_denial_turns_praise_around() -> None:
    assert score("es bueno") > 0 > score("no es bueno")


def test_denial_makes_blame_milder() -> None:
    assert score("no es malo") > score("es malo")


def test_denial_does_not_reach_beyond_its_clause() -> None:
    assert score("No, es muy bueno") > 0


def test_what_follows_but_counts_for_more() -> None:
    assert score("es lento pero excelente") > score("es excelente pero lento")


@pytest.mark.parametrize(
    ("louder", "plain"),
    [
        ("es muy bueno", "es bueno"),
        ("es BUENO de verdad", "es bueno de verdad"),
        ("es bueno!!!", "es bueno"),
        ("bueeeeno", "bueno"),
        ("es bueno", "es algo bueno"),
        ("es buenísimo", "es bueno"),
    ],
)
def test_emphasis_moves_the_score(louder: str, plain: str) -> None:
    assert score(louder) > score(plain)


def test_accents_and_capitals_do_not_matter_to_the_words() -> None:
    assert score("PÉSIMO") == score("pesimo") == score("Pésimo")


@pytest.mark.parametrize("text", ["😡", ":(", "💔"])
def test_signs_tell_the_mood_in_any_language(text: str) -> None:
    assert {analyze(text, language).sentiment for language in ("es", "en", "simple")} == {NEGATIVE}


def test_unknown_language_is_read_in_the_one_that_finds_more() -> None:
    assert analyze("qué asco de servicio", "").language == "es"
    assert analyze("what an awful experience", "simple").language == "en"


def test_text_that_tells_no_language_keeps_what_was_said_of_it() -> None:
    assert analyze("1234", "simple").language == "simple"


def test_escaped_characters_are_read_as_what_they_mean() -> None:
    assert score("I don\\u2019t like it", "en") == score("I don’t like it", "en") < 0
    assert score("que alegr&iacute;a") == score("que alegría") > 0


def test_addresses_and_mentions_have_no_mood() -> None:
    assert score("@mierda https://example.com/odio") == 0
    assert score("@hate https://example.com/awful", "en") == 0


@pytest.mark.parametrize("language", ["es", "en"])
def test_long_text_is_read_to_a_bound(language: str) -> None:
    long = "nada que decir " * 300
    assert analyze(long + "horrible", language) == analyze(long + "genial", language)


@pytest.mark.parametrize("text", ["a" * 100_000, "!" * 100_000, "😡" * 10_000, "\x00\ud800 \u202e", "no " * 5_000])
@pytest.mark.parametrize("language", ["es", "en"])
def test_hostile_text_gets_an_answer(text: str, language: str) -> None:
    mood = analyze(text, language)
    assert -1 <= mood.score <= 1
    assert 0 <= mood.confidence <= 1


def test_far_from_a_boundary_is_surer_than_near_it() -> None:
    assert analyze("horrible, una estafa, pésimo, un asco", "es").confidence > analyze("es lento", "es").confidence


def test_answer_names_its_analyzer_and_version() -> None:
    assert analyze("hola", "es").analyzer == make_analyzer().name == "lexical 1"


def weights_of(words: Lexicon) -> list[float]:
    phrases = [weight for group in words.phrases.values() for _rest, weight in group]
    groups = (words.plain.words, words.plain.stems, words.denied.words, words.denied.stems)
    return [*phrases, *(weight for group in groups for weight in group.values())]


@pytest.mark.parametrize("language", ["es", "en"])
def test_word_lists_stay_on_their_scale(language: str) -> None:
    weights = weights_of(lexicon(language))
    assert len(weights) > 100
    assert all(-4 <= weight <= 4 for weight in [*weights, *signs().values()])


def test_spanish_list_is_written_as_words_are_looked_up() -> None:
    words = lexicon("es")
    entries = [*words.plain.words, *words.plain.stems, *words.denied.words, *words.denied.stems, *words.phrases]
    assert [entry for entry in entries if entry != entry.lower() or set(entry) & set("áéíóúü_*")] == []
