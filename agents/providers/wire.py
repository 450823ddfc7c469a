"""The way to a language model over HTTP, by pydantic-ai and the providers' own libraries.

Imported where a model is really asked, and by workers alone: it costs a process 50 to 90 MB and a second or more.
The libraries' own retries are off (`max_retries=0`): ours are those of the turn's work row.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx2
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.messages import (
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from agents.errors import ProviderError
from agents.providers.addresses import ANTHROPIC, OPENAI
from agents.providers.background import background_loop
from agents.providers.failures import failure_of
from agents.replies import ConversationTurn
from notifications.outgoing import async_client

UNREADABLE: Final = (TypeError, ValueError, AttributeError, LookupError)


@dataclass(frozen=True)
class Deadlines:
    """How long to wait, in seconds: for the connection, the first sign of life, between two of them, for all of it."""

    connect: float = 5.0
    first: float = 30.0
    between: float = 20.0
    whole: float = 180.0


@dataclass(frozen=True)
class ModelCall:
    """One request to a model."""

    kind: str
    name: str
    remote_name: str
    base_url: str
    secret: str = field(repr=False)
    instructions: str
    turns: Sequence[ConversationTurn]
    temperature: float
    max_tokens: int
    deadlines: Deadlines = Deadlines()


@dataclass(frozen=True)
class Outcome:
    """How a reply ended: `finish` is stop, length, content_filter, tool_call, error; None where it was not said."""

    finish: str | None
    input_tokens: int
    output_tokens: int


class _Clients:
    """One HTTP client for all requests of this process: it belongs to the background loop and keeps no cookies."""

    made: httpx2.AsyncClient | None = None
    loop: asyncio.AbstractEventLoop | None = None


def _client(deadlines: Deadlines) -> httpx2.AsyncClient:
    loop = background_loop()
    if _Clients.made is None or _Clients.loop is not loop:
        client = async_client(connect=deadlines.connect, read=deadlines.first, total=deadlines.whole)
        client.cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        _Clients.made, _Clients.loop = client, loop
    return _Clients.made


async def generate(call: ModelCall) -> AsyncIterator[str | Outcome]:
    """Yield the text of a model's reply as it comes, then its Outcome; raise ProviderError when there is none.

    Runs on the background loop. An empty text is a sign of life, such as a model's thinking.
    """
    try:
        async with asyncio.timeout(call.deadlines.whole):
            async for piece in _attempt(call):
                yield piece
    except TimeoutError as error:
        message = f"{call.name}: no reply within the time that it has."
        raise ProviderError(message, reason="too_slow") from error
    except AgentRunError as error:
        raise failure_of(error, call.name, call.secret) from error
    except UNREADABLE as error:  # what the libraries stumble over when a server's answer is not of the agreed form
        raise ProviderError(f"{call.name}: its answer cannot be read.", reason="unreadable") from error


async def _attempt(call: ModelCall) -> AsyncIterator[str | Outcome]:
    model = model_of(call)
    async with asyncio.timeout(call.deadlines.first) as patience:
        async with model.request_stream(_messages(call), _settings(call), _parameters(call)) as stream:
            async for event in stream:
                patience.reschedule(asyncio.get_running_loop().time() + call.deadlines.between)
                yield _text(event)
            yield Outcome(_finish(call, stream), stream.usage.input_tokens, stream.usage.output_tokens)


def _text(event: Any) -> str:
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""


def _finish(call: ModelCall, stream: StreamedResponse) -> str | None:
    """Return how the reply ended; one that stops without saying so was cut off on the way.

    Some OpenAI-compatible servers never say.
    """
    said = (stream.provider_details or {}).get("finish_reason")
    if not said and call.kind != "openai_compatible":
        raise ProviderError(f"{call.name}: its reply ended before its end.", reason="unreadable")
    return stream.finish_reason


def model_of(call: ModelCall) -> Model:
    """Return the library's model for a call."""
    if call.kind == "anthropic":
        return _anthropic(call)
    from openai import AsyncOpenAI  # not with anthropic: each costs a process 15 to 35 MB
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    client = AsyncOpenAI(
        api_key=call.secret or "none",
        base_url=call.base_url or OPENAI,
        http_client=_client(call.deadlines),
        max_retries=0,
    )
    if call.kind == "openai":
        return OpenAIChatModel(call.remote_name, provider=OpenAIProvider(openai_client=client))
    return OpenAIChatModel(call.remote_name, provider=OpenAICompatibleProvider("compatible", openai_client=client))


def _anthropic(call: ModelCall) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(
        api_key=call.secret or "none",
        base_url=call.base_url or ANTHROPIC,
        http_client=_client(call.deadlines),
        max_retries=0,
    )
    return AnthropicModel(call.remote_name, provider=AnthropicProvider(anthropic_client=client))


def _messages(call: ModelCall) -> list[ModelMessage]:
    messages: list[ModelMessage] = [
        ModelRequest(parts=[UserPromptPart(turn.content)])
        if turn.role == "user"
        else ModelResponse(parts=[TextPart(turn.content)])
        for turn in call.turns
    ]
    if isinstance(messages[-1], ModelRequest):
        messages[-1].instructions = call.instructions
    return messages


def _parameters(call: ModelCall) -> ModelRequestParameters:
    return ModelRequestParameters(instruction_parts=[InstructionPart(content=call.instructions)])


def _settings(call: ModelCall) -> ModelSettings:
    timeout = httpx2.Timeout(call.deadlines.first, connect=call.deadlines.connect)
    return ModelSettings(max_tokens=call.max_tokens, temperature=call.temperature, timeout=timeout, max_retries=0)
