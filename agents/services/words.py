"""Words as the search counts them (migration 0002_text_search), for what is done in Python beside the database."""

import re
import unicodedata
from typing import Final

WORD: Final = re.compile(r"[^\W_]+")
APOSTROPHE: Final = re.compile(r"['’](s\b)?")
THOUSANDS: Final = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
MARKS: Final = re.compile("[\u0300-\u036f]")
SENTENCE_END: Final = re.compile(r"(?<=[.!?…])[\"'”»)\]]*\s+|\n+")

SPANISH: Final = """
a al algo alguna algunas alguno algunos alla alli ambos ante antes aqui asi aun aunque bien cada como con cual
cuales cualquier cuando cuanta cuantas cuanto cuantos cuya cuyas cuyo cuyos de debe deben debo del desde donde
durante e el ella ellas ellos en entre era eran eres es esa esas ese eso esos esta estaba estaban estan estar
estas este esto estos estoy fue fueron ha haber habia hace hacen hacer hago han hasta hay he la las le les lo
los mas me mi mis mientras misma mismo mucha muchas mucho muchos muy nada ni no nos nosotros nuestra nuestro o
os otra otras otro otros para pero poco podria podrian porque por pueda pueden puede puedes puedo pues que quien
quienes se sea sean segun ser si sin sino sobre solo son soy su sus tal tambien tampoco tan tanto te tendra
tener tengo ti tiene tienen tienes toda todas todo todos tu tus u un una unas uno unos usted ustedes va vosotros
y ya yo
"""
POLITE: Final = """
ayuda ayudar ayudarme buen buena buenas buenos consulta consultar decir decirme dia dias dime duda favor gracias
gustaria hola informacion necesito noches pregunta preguntar quiero quisiera saber saludos tardes disculpa disculpe
afternoon evening good hello help hey hi know like morning need please question tell thank thanks want wondering
"""
ENGLISH: Final = """
a about after all also am an and any are arent as at be because been before being both but by can cannot cant
could did didnt do does doesnt doing dont during each few for from further had has hasnt have having he her here
hers him his how i id if ill im in into is isnt it its ive just may me might more most much many must my myself
no nor not of off on once only or other our ours out over own per please same shall she should shouldnt so some
such than that the their theirs them then there these they this those through to too until up us very was wasnt
we were what when where which while who whom whose why will with wont would wouldnt you your yours yourself
"""
# Words that carry grammar, not content: they weigh half in the ranking and nothing in the confidence.
FUNCTION_WORDS: Final = {"es": frozenset(SPANISH.split()), "en": frozenset(ENGLISH.split())}
# Words around a question that are not what it is about. They are left out of the confidence alone.
POLITE_WORDS: Final = frozenset(POLITE.split())


def plain(word: str) -> str:
    """Return a word without its accents: `envío` and `envio` are the same to people who type."""
    return word if word.isascii() else MARKS.sub("", unicodedata.normalize("NFD", word))


def words(text: str) -> list[str]:
    """Return a text's words in order, in lower case, without accents."""
    folded = THOUSANDS.sub("", APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).lower()))
    return WORD.findall(plain(folded))


def sentences(text: str) -> list[str]:
    """Return a text's sentences and lines in order, without the space around them."""
    return [part for piece in SENTENCE_END.split(text) if (part := piece.strip())]


def is_about_something(word: str, language: str) -> bool:
    """Whether a word tells what a question is about: neither grammar nor politeness."""
    return not is_function_word(word, language) and word not in POLITE_WORDS


def is_function_word(word: str, language: str) -> bool:
    """Whether a word (as words() gives it) carries grammar only; in other languages none is known to."""
    return word in FUNCTION_WORDS.get(language, ())
