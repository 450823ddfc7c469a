"""Providers that ask a language model, with the tenant's knowledge beside the conversation."""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from agents.errors import ProviderError
from agents.providers.background import iterate
from agents.providers.base import ModelUse, ReplyRequest
from agents.providers.builtin import asks_for_a_human, find_passages, understood_language
from agents.providers.marks import MarkReader
from agents.providers.phrases import phrase
from agents.providers.prompt import Prompt, build_prompt, estimate_tokens
from agents.replies import Citation, ConversationTurn, Reply, ReplyKind
from agents.services.answering import EXCERPT, confidence, shorten
from agents.services.language import guess_language
from agents.services.retrieval import Passage

if TYPE_CHECKING:
    from agents.providers.wire import ModelCall, Outcome

UNCITED_CONFIDENCE: Final = 0.5


@dataclass(frozen=True)
class LanguageModelProvider:
    """Asks models of one kind: openai, anthropic or openai_compatible."""

    kind: str

    def stream(self, request: ReplyRequest) -> Iterator[str | Reply]:
        """Yield the reply as the model writes it, without the marks that it sets for us.

        An empty piece, at least every second, says that the model is still at it. Who asks for a human gets one
        without a model being asked.
        """
        if asks_for_a_human(request):
            yield from _hand_over(request)
            return
        language = understood_language(request)
        prompt = build_prompt(request, find_passages(request, language))
        reader, shown, outcome = MarkReader(), "", None
        for piece in iterate_call(_call(self.kind, request.model, prompt.instructions, prompt.turns)):
            if piece is None or isinstance(piece, str):
                text = reader.feed(piece or "")
                shown += text
                yield text
            else:
                outcome = piece
        rest = _ending(request.model.name, outcome, shown, reader.finish())
        yield rest
        yield _reply(request, prompt, reader, shown + rest, outcome)


def wire() -> Any:
    """Import the way to language models now: nothing else does, so that a process without models stays small."""
    return importlib.import_module("agents.providers.wire")


def iterate_call(call: "ModelCall") -> "Iterator[str | Outcome | None]":
    """Yield what a model writes, then its Outcome; None while it is quiet."""
    return iterate(lambda: wire().generate(call))


def ask_once(kind: str, use: ModelUse, instructions: str, text: str) -> Reply:
    """Return what a model makes of one text, without knowledge or conversation; raise ProviderError for nothing."""
    shown, outcome = "", None
    for piece in iterate_call(_call(kind, use, instructions, (ConversationTurn("user", text),))):
        if piece is None or isinstance(piece, str):
            shown += piece or ""
        else:
            outcome = piece
    said = shown.strip()
    _ending(use.name, outcome, said, "")
    read, written = _tokens(outcome, estimate_tokens(instructions + text), said)
    return Reply(said, (), use.name, read + written, "answer", UNCITED_CONFIDENCE, "", read, written)


def _call(kind: str, use: ModelUse, instructions: str, turns: Sequence[ConversationTurn]) -> "ModelCall":
    made: ModelCall = wire().ModelCall(
        kind=kind,
        name=use.name,
        remote_name=use.remote_name or use.name,
        base_url=use.base_url,
        secret=use.secret,
        instructions=instructions,
        turns=turns,
        temperature=use.temperature,
        max_tokens=use.max_tokens,
    )
    return made


def _hand_over(request: ReplyRequest) -> Iterator[str | Reply]:
    language = understood_language(request)
    text = phrase(language, "human")
    yield text
    yield Reply(text, (), request.model.name, 0, "human", 1.0, language)


def _ending(model: str, outcome: "Outcome | None", shown: str, rest: str) -> str:
    """Return the reply's last piece; raise ProviderError when the reply is none."""
    finish = outcome.finish if outcome else None
    if finish in ("content_filter", "error"):
        raise ProviderError(f"{model}: the provider's filter stopped the reply.", reason="filtered", is_permanent=True)
    if not (shown + rest).strip():
        raise ProviderError(f"{model}: an empty reply.", reason="empty")
    return f"{rest}…" if finish == "length" else rest


def _reply(request: ReplyRequest, prompt: Prompt, reader: MarkReader, text: str, outcome: "Outcome | None") -> Reply:
    kind: ReplyKind = reader.kind or "answer"
    cited = [prompt.passages[number - 1] for number in reader.cited if 0 < number <= len(prompt.passages)]
    tokens_in, tokens_out = _tokens(outcome, prompt.estimated_tokens, text)
    return Reply(
        text=text,
        citations=tuple(_citation(passage) for passage in cited) if kind == "answer" else (),
        model_used=request.model.name,
        tokens_used=tokens_in + tokens_out,
        kind=kind,
        confidence=_confidence(kind, cited),
        language=guess_language(text) or understood_language(request),
        input_tokens=tokens_in,
        output_tokens=tokens_out,
    )


def _tokens(outcome: "Outcome | None", estimated: int, text: str) -> tuple[int, int]:
    """Return what was read and written: as the provider counts, or about that where it does not say."""
    read, written = (outcome.input_tokens, outcome.output_tokens) if outcome else (0, 0)
    return read or estimated, written or estimate_tokens(text)


def _citation(passage: Passage) -> Citation:
    return Citation(str(passage.document_id), passage.title, passage.source, shorten(passage.content, EXCERPT))


def _confidence(kind: ReplyKind, cited: list[Passage]) -> float:
    """Return how well the best passage that is cited fits the question; what is not known is 0, manners are 1."""
    if kind != "answer":
        return 0.0 if kind == "unknown" else 1.0
    return round(min(max((confidence(passage) for passage in cited), default=UNCITED_CONFIDENCE), 1.0), 3)
