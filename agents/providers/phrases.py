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
        "image": "Recibí tu imagen, pero no puedo ver qué hay en ella. Cuéntame con palabras qué necesitas. "
        "¿O quieres que te atienda una persona del equipo?",
        "audio": "Recibí tu grabación, pero no puedo escucharla. Cuéntame por escrito qué necesitas. "
        "¿O quieres que te atienda una persona del equipo?",
        "file": "Recibí tu archivo, pero no puedo leerlo. Cuéntame con palabras qué necesitas. "
        "¿O quieres que te atienda una persona del equipo?",
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
        "image": "I have your picture, but I can’t see what is in it. Tell me in words what you need. "
        "Or would you like someone from the team to help you?",
        "audio": "I have your recording, but I can’t listen to it. Tell me in writing what you need. "
        "Or would you like someone from the team to help you?",
        "file": "I have your file, but I can’t read it. Tell me in words what you need. "
        "Or would you like someone from the team to help you?",
        "empty": "I didn’t quite get your message. Could you put it in other words?",
        "perhaps": "Perhaps one of these questions helps:",
        "other_language": "I only found this in Spanish:",
    },
}

# What says that the agent does not know, and offers a person: also of what it cannot open.
OFFERING: Final = ("unknown", "image", "audio", "file")


def phrase(language: str, name: str, **values: str) -> str:
    """Return a phrase in a language that Charla speaks; in English for any other."""
    return PHRASES.get(language, PHRASES["en"])[name].format(**values)
