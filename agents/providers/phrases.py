"""What the built-in provider says in its own words, in the language of the person it speaks with."""

from typing import Final

PHRASES: Final[dict[str, dict[str, str]]] = {
    "es": {
        "greeting": "¡Hola! Soy {agent}. ¿En qué te puedo ayudar?",
        "thanks": "¡Con gusto! Si te queda alguna otra duda, aquí estoy.",
        "goodbye": "¡Hasta luego! Que tengas un buen día.",
        "human": "Claro, le aviso a una persona del equipo para que siga contigo. Puedes ir contándome qué necesitas.",
        "unknown": "No encuentro la respuesta en la información que tengo, y prefiero no inventarla. "
        "¿Quieres que te atienda una persona del equipo?",
        "empty": "No entendí bien tu mensaje. ¿Me lo puedes contar con otras palabras?",
        "perhaps": "Quizás te sirva alguna de estas preguntas:",
        "other_language": "Solo encontré esto en inglés:",
    },
    "en": {
        "greeting": "Hello! I’m {agent}. How can I help you?",
        "thanks": "You’re welcome! If anything else comes up, I’m here.",
        "goodbye": "Goodbye! Have a good day.",
        "human": "Of course, I’m letting someone from the team know so they can take over. "
        "Meanwhile, you can tell me what you need.",
        "unknown": "I can’t find the answer in the information I have, and I’d rather not make one up. "
        "Would you like someone from the team to help you?",
        "empty": "I didn’t quite get your message. Could you put it in other words?",
        "perhaps": "Perhaps one of these questions helps:",
        "other_language": "I only found this in Spanish:",
    },
}


def phrase(language: str, name: str, **values: str) -> str:
    """Return a phrase in a language that Charla speaks; in English for any other."""
    return PHRASES.get(language, PHRASES["en"])[name].format(**values)
