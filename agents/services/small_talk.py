"""What needs no knowledge: greetings, thanks, goodbyes, and the wish to speak with a human."""

import re
from itertools import pairwise
from typing import Final, Literal

from agents.services.words import words

SmallTalk = Literal["greeting", "thanks", "goodbye", "human"]

GREETING_WORDS: Final = """
alo buen buena buenas bueno buenos dia dias hola holaa holi noches saludos tardes
afternoon evening good greetings hello hey hi hiya howdy morning
"""
THANKS_WORDS: Final = "gracias grax agradezco agradecido agradecida thanks thank thx ty cheers"
GOODBYE_WORDS: Final = "adios chao chau despido bye goodbye"
FILLER_WORDS: Final = """
a al amable ayuda bien buen bueno como con de el en eso esta estan estas excelente genial hasta info informacion la las
le listo luego entiendo entendido manana mil mucha muchas mucho muchos muy nada nos ok okay perfecto por pronto que
si su tal te todo tu usted ustedes va vale vemos y equipo
again all and are awesome cool day everyone for going great have help how is it later lot nice perfect understood
got see so that the
there this to team very you your much
"""
YES_WORDS: Final = "si claro dale porfa porfavor favor yes yeah yep sure please ok okay vale"
GREETINGS: Final = frozenset(GREETING_WORDS.split())
GREETING_CORE: Final = GREETINGS - {"buen", "buena", "bueno", "dia", "dias", "good", "noches", "tardes"}
GREETING_PAIRS: Final = frozenset(
    {
        ("buen", "dia"),
        ("how", "are"),
        ("how", "is"),
        ("como", "estas"),
        ("como", "esta"),
        ("como", "va"),
        ("que", "tal"),
    }
)
THANKS: Final = frozenset(THANKS_WORDS.split())
GOODBYES: Final = frozenset(GOODBYE_WORDS.split())
GOODBYE_PAIRS: Final = frozenset(
    {("hasta", "luego"), ("hasta", "pronto"), ("hasta", "manana"), ("nos", "vemos"), ("see", "you")}
)
FILLERS: Final = frozenset(FILLER_WORDS.split())
YES: Final = frozenset(YES_WORDS.split())
LONGEST: Final = 10

PERSON: Final = (
    "(persona|humano|humana|agente|asesor|asesora|operador|operadora|ejecutivo|ejecutiva|representante|alguien|"
    "encargado|encargada|human|person|agent|representative|rep|operator|someone|somebody|advisor|staff|manager)"
)
REACH: Final = (
    "(hablar|hable|hablo|charlar|chatear|comunicarme|comunicame|comuniqueme|pasame|paseme|pasarme|conectame|conectarme|"
    "transfiereme|transferirme|derivame|derivarme|atienda|talk|speak|chat|connect me|transfer me|put me through|"
    "hand me over)"
)
WISH: Final = "(quiero|necesito|prefiero|quisiera|dame|deme|want|need|give me|get me|prefer|id like)"
REAL_PERSON: Final = (
    "(humano|humana|ser humano|agente|asesor|asesora|operador|operadora|representante|persona real|persona de verdad|"
    "human|agent|representative|operator|real person|live person|human being)"
)
MACHINE: Final = "(robot|bot|maquina|ia|machine|ai)"
ARTICLE: Final = "(a |an |un |una |con un |con una |to see )?(real |live |actual )?"
HUMAN: Final = re.compile(
    rf"(?<!no quiero )(?<!dont want to )(?<!not want to )\b{REACH} (\w+ ){{0,4}}?{PERSON}\b"
    rf"|(?<!no )(?<!dont )\b{WISH} {ARTICLE}{REAL_PERSON}\b"
    rf"|\bno quiero (hablar |seguir |hablando )?(\w+ ){{0,3}}?{MACHINE}\b"
    rf"|\b(dont|do not) want to (talk|speak|chat) (\w+ ){{0,3}}?{MACHINE}\b"
)
ONLY_PERSON: Final = re.compile(rf"^(un |una |a |an |the )?(real |ser )?{PERSON}( real| por favor| please)?$")


def small_talk(text: str) -> SmallTalk | None:
    """Return what kind of small talk a message is, or None when it asks or tells something."""
    said = words(text)
    line = " ".join(said)
    if HUMAN.search(line) or ONLY_PERSON.match(line):
        return "human"
    spoken, pairs = set(said), set(pairwise(said))
    if not said or len(said) > LONGEST or spoken - GREETINGS - THANKS - GOODBYES - FILLERS:
        return None
    if spoken & GOODBYES or GOODBYE_PAIRS & pairs:
        return "goodbye"
    if spoken & GREETING_CORE or GREETING_PAIRS & pairs:
        return "thanks" if spoken & THANKS else "greeting"
    return "thanks"  # "ok", "perfect": an answer was taken well


def agrees(text: str) -> bool:
    """Whether a message says nothing but yes."""
    said = words(text)
    return bool(said) and len(said) <= 4 and not set(said) - YES - FILLERS and bool(set(said) & YES)
