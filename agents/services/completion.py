"""One question to a model without a conversation: summaries, moods. By the default agent's model."""

from dataclasses import dataclass

from django.db import transaction

from agents.errors import NoModelError, ProviderError
from agents.models import AgentModel, Provider
from agents.providers.language_model import ask_once
from agents.providers.prompt import estimate_tokens
from agents.services.chain import unusable
from agents.services.model_use import default_model, use_of
from agents.services.performance import Stopwatch, record_reply

TEMPERATURE = 0.2
RESERVE = 64


@dataclass(frozen=True)
class Completion:
    """What a model wrote; `tokens_used` are those read and written."""

    text: str
    tokens_used: int
    model_used: str


def complete(*, instructions: str, text: str, max_tokens: int = 400) -> Completion:
    """Return what the model of the tenant's default agent makes of a text.

    Of a text that does not fit into the model's context window the end is given. Runs in a tenant's scope, outside
    any transaction; takes seconds. Raises NoModelError where the model is the built-in one, ProviderError (once, there
    are no retries here) when it gives nothing.
    """
    with transaction.atomic():
        agent = AgentModel.objects.select_related("ai_model").filter(is_default=True).first()
        model = (agent and agent.ai_model) or default_model()
        if model.provider == Provider.BUILTIN:
            raise NoModelError(f"The model “{model.name}” writes no texts of its own.")
        use = use_of(model, temperature=TEMPERATURE, max_tokens=max_tokens)
    if use.problem:
        raise unusable(use)
    room = use.context_window - max_tokens - RESERVE - estimate_tokens(instructions)
    watch = Stopwatch()
    try:
        said = ask_once(model.provider, use, instructions, _end_of(text, room))
        watch.saw(said)
    except ProviderError:
        record_reply(model, watch)
        raise
    record_reply(model, watch)
    return Completion(said.text, said.tokens_used, model.name)


def _end_of(text: str, room: int) -> str:
    """Return the end of a text that about `room` tokens hold."""
    while estimate_tokens(text) > max(room, 1) and len(text) > 1:
        text = text[len(text) // 4 :]
    return text
