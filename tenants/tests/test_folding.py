"""Words as they are folded in Python: those of the database."""

import pytest
from django.db import connection

from tenants.folding import fold, spans

TEXTS = {
    "es": "¿Cuándo llegan los envíos? La devolucion y la devolución, camiones, librería, garantías, días, años, "
    "contraseña, cigüeña, 1.000 pesos, 3,5 % — teléfonos móviles, habíamos querido comprárselo rápidamente",
    "en": "The naïve café's bicycles aren't running; O'Brien generously returned 1,000 items, e-mail foo_bar v1.2.3 "
    "universities, organization, happily, studies, dying, skies",
    "": "Straße ﬁn Ünïcödé 日本語 12:30 envíos running",
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", TEXTS)
def test_python_folds_as_the_database_does(language: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lexeme FROM unnest(charla_fold(%s, %s)), unnest(positions) AS place ORDER BY place",
            [language, TEXTS[language]],
        )
        assert fold(language, TEXTS[language]) == [lexeme for (lexeme,) in cursor.fetchall()]


def test_each_word_is_known_by_its_place() -> None:
    text = "O'Brien's 1,000 envíos"
    assert [(text[span.start : span.end], span.lexemes) for span in spans("es", text)] == [
        ("O'Brien's", ("obri",)), ("1,000", ("1000",)), ("envíos", ("envi",)),
    ]  # fmt: skip
