"""Made-up knowledge, the same for a seed: questions and answers about a shop's goods, in both languages."""

import csv
import itertools
import random
from pathlib import Path

COLOURS = {
    "en": ["red", "blue", "green", "amber", "silver", "black", "white", "violet"],
    "es": ["rojo", "azul", "verde", "ámbar", "plata", "negro"],
}
THINGS = {
    "en": [
        "kettle",
        "lamp",
        "chair",
        "blender",
        "router",
        "printer",
        "camera",
        "drill",
        "heater",
        "scooter",
        "tent",
        "mirror",
        "clock",
        "speaker",
        "desk",
    ],
    "es": [
        "hervidor",
        "lámpara",
        "silla",
        "licuadora",
        "impresora",
        "cámara",
        "taladro",
        "estufa",
        "patinete",
        "tienda",
        "espejo",
        "reloj",
        "mesa",
    ],
}
ASKED = {
    "en": ["How long is the warranty of {}?", "How do I clean {}?", "What does {} cost?", "Where is {} made?"],
    "es": ["¿Cuánto dura la garantía de {}?", "¿Cómo se limpia {}?", "¿Cuánto cuesta {}?", "¿Dónde se fabrica {}?"],
}
ANSWERED = {
    "en": "For {} it is {}. Keep the receipt, register the article within {} days and write to us if in doubt.",
    "es": "Para {} es {}. Guarde el recibo, registre el artículo en {} días y escríbanos si algo no queda claro.",
}


def rows(count: int, seed: int = 1) -> list[tuple[str, str, str]]:
    """Return (question, answer, language), each question once."""
    chance, made = random.Random(seed), []
    for number in range(count):
        language = "es" if number % 3 == 0 else "en"
        colour, thing = chance.choice(COLOURS[language]), chance.choice(THINGS[language])
        name = f"{thing} {colour} {_model(number)}" if language == "es" else f"the {colour} {thing} {_model(number)}"
        question = chance.choice(ASKED[language]).format(name)
        value = f"{chance.randint(2, 900)} {chance.choice(('euros', 'min', 'm', 'kg'))}"
        made.append((question, ANSWERED[language].format(name, value, chance.randint(7, 90)), language))
    return made


def _model(number: int) -> str:
    letters = "".join(itertools.islice(itertools.cycle("QXZKVJ"), number % 6, number % 6 + 2))
    return f"{letters}{number}"


def write_csv(path: Path, count: int) -> list[tuple[str, str, str]]:
    """Write rows as a knowledge file; return them."""
    made = rows(count)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "answer"])
        writer.writerows((question, answer) for question, answer, _language in made)
    return made
