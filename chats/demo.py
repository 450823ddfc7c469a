"""Conversations of the demo shop over the last thirty days: text of our own, worth looking at."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

DAYS: Final = 30
CHATS_PER_DAY: Final = (2, 5)


@dataclass(frozen=True)
class Line:
    """One message of a script."""

    sender: str
    content: str


@dataclass(frozen=True)
class Script:
    """A conversation: how it runs and how it ends."""

    language: str
    status: str
    lines: tuple[Line, ...]


def _script(language: str, status: str, *texts: str) -> Script:
    """Odd texts are the person's, even ones the agent's; one that begins with “@” is the staff's."""
    lines = []
    for number, text in enumerate(texts):
        staff = text.startswith("@")
        sender = "staff" if staff else "agent" if number % 2 else "user"
        lines.append(Line(sender, text.removeprefix("@")))
    return Script(language, status, tuple(lines))


SCRIPTS: Final = (
    _script(
        "es", "completed",
        "Hola, ¿a qué hora abren mañana?",
        "Abrimos de lunes a viernes de 9 a 19 h y los sábados de 10 a 15 h.",
        "Perfecto, gracias",
        "¡A ti! Aquí estoy si necesitas algo más.",
    ),
    _script(
        "es", "completed",
        "¿Cuánto tarda un envío a Sevilla?",
        "Entre dos y tres días laborables. Te llega un correo con el seguimiento cuando sale de la tienda.",
    ),
    _script(
        "es", "waiting",
        "Mi monstera llegó con una hoja rota",
        "Lo siento mucho. ¿Quieres que te atienda una persona del equipo?",
        "Sí, por favor, quiero hablar con alguien",
        "Claro. He avisado al equipo: una persona te responderá aquí mismo.",
    ),
    _script(
        "es", "completed",
        "Quiero devolver una maceta",
        "Tienes 30 días para devolverla, sin usar y con su embalaje.",
        "¿Y quién paga el porte?",
        "@Esta vez lo pagamos nosotros: te envío la etiqueta por correo ahora mismo.",
    ),
    _script(
        "en", "completed",
        "Hi! Do you ship to Portugal?",
        "Yes, we ship to mainland Portugal in three to four working days.",
        "Great, thanks",
        "You are welcome!",
    ),
    _script(
        "en", "active",
        "How often should I water a snake plant?",
        "Every two or three weeks; let the soil dry out completely in between.",
    ),
    _script(
        "en", "waiting",
        "I was charged twice for my order",
        "I am sorry about that. I have asked a person of our team to look at it with you.",
    ),
)  # fmt: skip


def planned(now: datetime | None = None) -> Iterator[tuple[Script, datetime]]:
    """Yield conversations with their beginnings, the same ones each time for the same day."""
    now = now or timezone.now()
    chance = random.Random(30)  # noqa: S311 - a plan, not a secret
    for day in range(DAYS, -1, -1):
        for _number in range(chance.randint(*CHATS_PER_DAY)):
            began = now - timedelta(days=day, minutes=chance.randint(30, 600))
            yield chance.choice(SCRIPTS), began
