"""The built-in provider: answers from the tenant's knowledge without any language model."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from django.db import transaction

from agents.providers.base import ReplyRequest
from agents.providers.phrases import OFFERING, PHRASES, phrase
from agents.replies import ConversationTurn, Reply, ReplyKind
from agents.services.answering import Answer, answer, answers, confidence, content_words, suggestions
from agents.services.language import guess_language, told_by_a_word
from agents.services.retrieval import Passage, search
from agents.services.small_talk import SmallTalk, agrees, small_talk
from agents.services.words import words

PASSAGES: Final = 5
WORDS_A_PIECE: Final = 5
PIECE: Final = re.compile(rf"(?:\s*\S+){{1,{WORDS_A_PIECE}}}\s*")
# A question that leans on the one before it: "¿y cuánto cuesta?", "what about returns?"
LEANING: Final = re.compile(r"^(y|e|o|pero|entonces|and|or|but|so|then|what about|how about|que tal|tambien|also)\b")
LEANING_CONTENT: Final = 3
SHORT_CONTENT: Final = 1


class BuiltinProvider:
    """Finds the best passages and gives the answer that the source gives, or says that it does not know."""

    def stream(self, request: ReplyRequest) -> Iterator[str | Reply]:
        """Yield the reply in groups of words, then the whole of it."""
        reply = self._reply(request)
        yield from pieces(reply.text)
        yield reply

    def _reply(self, request: ReplyRequest) -> Reply:
        last = asked(request)[-1]
        language = understood_language(request)
        kind: SmallTalk | None = "human" if asks_for_a_human(request) else small_talk(last)
        if kind == "greeting":
            text = _own_greeting(request) or phrase(language, "greeting", agent=request.agent_name)
            return _said(request, text, kind, language)
        if kind:
            return _said(request, phrase(language, kind), kind, language)
        if attached(request) and not words(last):
            return _unknown(request, [], language)
        if not words(last):
            return _said(request, phrase(language, "empty"), "unknown", language)
        passages = find_passages(request, language)
        found = answer(passages)
        return _answered(request, found, language) if found else _unknown(request, passages, language)


def asked(request: ReplyRequest) -> list[str]:
    """Return what the person said, oldest first; at least one text.

    A file without words is no question, unless nothing else waits for the reply.
    """
    said = [turn.content for turn in request.turns if turn.role == "user" and not _is_bare_file(turn)]
    waiting = _unanswered(request)
    return [*said, ""] if waiting and all(map(_is_bare_file, waiting)) else said or [""]


def attached(request: ReplyRequest) -> str:
    """Return what came last with the messages that wait for the reply: `image`, `audio`, `file`, or nothing."""
    return next((turn.attached for turn in reversed(_unanswered(request)) if turn.attached), "")


def _is_bare_file(turn: ConversationTurn) -> bool:
    return bool(turn.attached) and not turn.content.strip()


def _unanswered(request: ReplyRequest) -> list[ConversationTurn]:
    waiting: list[ConversationTurn] = []
    for turn in reversed(request.turns):
        if turn.role == "assistant":
            break
        if turn.role == "user":
            waiting.insert(0, turn)
    return waiting


def understood_language(request: ReplyRequest) -> str:
    """Return the language of the person's last message, else the conversation's."""
    last = asked(request)[-1]
    told = guess_language(last) if len(words(last)) > 1 else told_by_a_word(last)
    return told or request.language


def asks_for_a_human(request: ReplyRequest) -> bool:
    """Whether the person wants a human: says so, or says yes to the offer that an unknown answer ends with."""
    last = asked(request)[-1]
    return _takes_offer(request, last) or small_talk(last) == "human"


def pieces(text: str) -> list[str]:
    """Return a text in groups of a few words; joined they are the text."""
    return PIECE.findall(text)


def find_passages(request: ReplyRequest, language: str) -> list[Passage]:
    """Search for the last question; one that leans on the question before it is searched together with that."""
    *earlier, question = asked(request)
    if not words(question):
        return []
    alone = _search(request, question, language)
    if not earlier or not _leans(question, language):
        return alone
    together = _search(request, f"{earlier[-1]} {question}", language)
    if not together or _is_about_the_former_alone(together[0], alone):
        return alone
    strong = bool(alone) and confidence(alone[0]) >= confidence(together[0])
    own_words = len(content_words(question, language)) > SHORT_CONTENT
    return alone if strong and own_words else together


def _is_about_the_former_alone(best: Passage, alone: Sequence[Passage]) -> bool:
    """Whether what was found with the former question says nothing to the new one, which has an answer of its own."""
    found = {passage.document_id for passage in alone}
    return bool(alone) and answers(alone[0]) and best.document_id not in found


def _leans(question: str, language: str) -> bool:
    content = content_words(question, language)
    begins = LEANING.match(" ".join(words(question))) is not None
    return len(content) <= (LEANING_CONTENT if begins else SHORT_CONTENT)


def _search(request: ReplyRequest, query: str, language: str) -> list[Passage]:
    with transaction.atomic():
        return search(query=query, base_ids=request.base_ids, limit=PASSAGES, language=language)


def _takes_offer(request: ReplyRequest, message: str) -> bool:
    """Whether the person says yes to the offer of a human that an answer of one who does not know ends with."""
    said = [turn.content for turn in request.turns if turn.role == "assistant"]
    offers = tuple(phrases[name] for phrases in PHRASES.values() for name in OFFERING)
    return bool(said) and said[-1].startswith(offers) and agrees(message)


def _own_greeting(request: ReplyRequest) -> str:
    """The agent's own greeting opens a conversation; later greetings get a shorter one."""
    first = not any(turn.role == "assistant" for turn in request.turns)
    return request.greeting if first else ""


def _answered(request: ReplyRequest, found: Answer, language: str) -> Reply:
    foreign = found.language in {"es", "en"} and found.language != language
    text = f"{phrase(language, 'other_language')}\n\n{found.text}" if foreign else found.text
    return Reply(text, (found.citation,), request.model.name, 0, "answer", round(found.confidence, 3), language)


def _unknown(request: ReplyRequest, passages: list[Passage], language: str) -> Reply:
    text = phrase(language, attached(request) or "unknown")
    if close := suggestions(passages, language):
        text += f"\n\n{phrase(language, 'perhaps')}\n" + "\n".join(f"- {title}" for title in close)
    return _said(request, text, "unknown", language)


def _said(request: ReplyRequest, text: str, kind: ReplyKind, language: str) -> Reply:
    return Reply(text, (), request.model.name, 0, kind, 0.0 if kind == "unknown" else 1.0, language)
