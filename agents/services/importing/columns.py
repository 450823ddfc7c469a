"""Which field of a record is the question, which the answer: recognised by name in both languages, or mapped."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from agents.services.importing.records import UnreadableFileError
from agents.services.words import plain

# In order of preference: an FAQ's question comes before a page's title, a plain answer before one in HTML.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "title": (
        "question", "questions", "pregunta", "preguntas", "posible pregunta", "pregunta frecuente", "title", "titulo",
        "consulta", "query", "prompt", "heading", "encabezado", "subject", "asunto", "q", "p", "faq", "name", "nombre",
    ),
    "content": (
        "answer", "answers", "respuesta", "respuestas", "content", "contenido", "text", "texto", "body", "cuerpo",
        "response", "solution", "solucion", "description", "descripcion", "a", "r", "answer html", "respuesta html",
        "content html", "html", "value", "valor", "passage", "pasaje", "paragraph", "parrafo", "context", "contexto",
    ),
    "source": ("url", "link", "enlace", "source", "fuente", "ref"),
    "language": ("language", "lang", "idioma", "locale"),
}  # fmt: skip
LANGUAGE_SUFFIX: Final = re.compile(r" (es|en)$")
SEPARATORS: Final = re.compile(r"[\s_\-.:¿?]+")


@dataclass(frozen=True)
class Columns:
    """The names of a record's fields by what they are for; the rest is kept as metadata."""

    title: str = ""
    content: str = ""
    source: str = ""
    language: str = ""
    spoken: str = ""
    """The language that the names themselves tell (question_es), or nothing."""
    others: tuple[str, ...] = field(default=())


def normal(name: str) -> str:
    """Return a field's name as it is compared: lower case, no accents, words apart by one space."""
    return SEPARATORS.sub(" ", plain(name.lower().lstrip("\ufeff"))).strip()


def read_mapping(text: str) -> dict[str, str]:
    """Return a mapping written as `title=Pregunta,content=Respuesta`; raise UnreadableFileError for another shape."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    wrong = [name for name, equals, value in pairs if name.strip() not in NAMES or not equals or not value.strip()]
    if wrong:
        message = _("The mapping is written like title=Column,content=Column; unknown: %(wrong)s.")
        raise UnreadableFileError(message % {"wrong": ", ".join(wrong)})
    return {name.strip(): value.strip() for name, _equals, value in pairs}


def recognise(names: Iterable[str], mapping: Mapping[str, str]) -> list[Columns]:
    """Return the ways to read records with these fields: one, or one for each language (question_es, question_en).

    A way without `content` is none: the list is then empty.
    """
    fields = [name for name in names if name]
    spoken = {name: found[1] for name in fields if (found := LANGUAGE_SUFFIX.search(normal(name)))}
    ways = []
    for language in ("", *sorted(set(spoken.values()))):
        own = [name for name in fields if spoken.get(name, "") in {"", language}]
        columns = _columns(own, mapping, language)
        if columns.content and (not language or spoken.get(columns.content) == language):
            ways.append(columns)
    spoken_ways = [way for way in ways if way.spoken]
    return spoken_ways or ways


def _columns(fields: list[str], mapping: Mapping[str, str], language: str) -> Columns:
    comparable = {
        LANGUAGE_SUFFIX.sub("", normal(name)) if language else normal(name): name for name in reversed(fields)
    }
    chosen: dict[str, str] = {}
    for role, names in NAMES.items():
        mapped = comparable.get(normal(mapping.get(role, "")))
        candidates = [comparable[name] for name in names if name in comparable]
        free = [name for name in candidates if name not in chosen.values()]
        if found := mapped or next(iter(free), ""):
            chosen[role] = found
    others = tuple(name for name in fields if name not in chosen.values())
    return Columns(**chosen, spoken=language, others=others)
