"""The start speaks the language of the terminal."""

import pytest

from config.stack.words import VARIABLES, gettext


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "Charla is ready"),
        ({"LANG": "C.UTF-8"}, "Charla is ready"),
        ({"LANG": "de_DE.UTF-8"}, "Charla is ready"),
        ({"LANG": "es_CO.UTF-8"}, "Charla está lista"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C"}, "Charla is ready"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE_CODE": "es"}, "Charla está lista"),
    ],
)
def test_texts_come_in_the_language_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert gettext("Charla is ready") == said
