"""OpenAI, Anthropic and what speaks like OpenAI, against a server that speaks their formats and fails in every way."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest

from agents.errors import ProviderError
from agents.providers import ModelUse, ReplyRequest, providers, wire
from agents.replies import ConversationTurn, Reply
from agents.tests.support import learn
from agents.tests.wire_server import (
    Behaviour,
    FakeModels,
    data,
    events_of,
    fake_models,
    named,
    refusal,
    silence,
    stream,
    then_reset,
    then_silence,
    whole,
)
from tenants.models import TenantModel
from tenants.scope import tenant_scope

KINDS = ("openai", "anthropic", "openai_compatible")
SECRET = "sk-secret-of-acme"
QUICK = wire.Deadlines(connect=1, first=0.6, between=0.6, whole=1.5)
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def models(settings: Any) -> Iterator[FakeModels]:
    """Run a server for models on this machine, which the operator allows."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    with fake_models() as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a model for a moment only."""
    made = wire.ModelCall
    monkeypatch.setattr(wire, "ModelCall", lambda **fields: made(**fields, deadlines=QUICK))


def request_to(models: FakeModels, kind: str, question: str = "¿Cuál es el horario de atención?") -> ReplyRequest:
    use = ModelUse("our model", "remote-1", models.base_url(kind), SECRET, 0.3, 200, 4000)
    turns = [ConversationTurn("user", question)]
    return ReplyRequest(uuid4(), "Aurora", "Sé amable.", "", "friendly", use, (), turns, "es")


def run(tenant: TenantModel, models: FakeModels, kind: str, *script: Behaviour) -> list[str | Reply]:
    models.script[:] = script
    with tenant_scope(tenant):
        return list(providers[kind].stream(request_to(models, kind)))


def failure(tenant: TenantModel, models: FakeModels, kind: str, *script: Behaviour) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        run(tenant, models, kind, *script)
    return raised.value


@each_kind
def test_a_reply_streams_and_its_tokens_are_counted(tenant: TenantModel, models: FakeModels, kind: str) -> None:
    pieces = ("[[ans", "wer]]\n", "Abrimos ", "a las ", "nueve.")
    *deltas, reply = run(tenant, models, kind, stream(events_of(kind, *pieces)))
    assert isinstance(reply, Reply)
    assert reply.text == "".join(map(str, deltas)) == "Abrimos a las nueve."
    assert (reply.kind, reply.language, reply.model_used) == ("answer", "es", "our model")
    assert (reply.input_tokens, reply.output_tokens, reply.tokens_used) == (11, 7, 18)


@each_kind
def test_a_request_has_the_key_the_model_the_rules_and_no_retries(
    tenant: TenantModel, models: FakeModels, kind: str
) -> None:
    run(tenant, models, kind, stream(events_of(kind, "Hola.")))
    (asked,) = models.requests
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert SECRET in (headers.get("x-api-key", ""), headers.get("authorization", "").removeprefix("Bearer "))
    assert asked.path.split("?")[0] == ("/v1/messages" if kind == "anthropic" else "/v1/chat/completions")
    assert (asked.body["model"], asked.body["stream"], asked.body["temperature"]) == ("remote-1", True, 0.3)
    assert 200 in (asked.body.get("max_tokens"), asked.body.get("max_completion_tokens"))
    system = str(asked.body.get("system") or asked.body["messages"][0]["content"])
    assert "You are Aurora" in system
    assert "Sé amable." in system


@each_kind
def test_passages_are_given_and_what_the_model_names_is_cited(
    tenant: TenantModel, models: FakeModels, kind: str
) -> None:
    base, _ = learn(tenant)
    models.script[:] = [stream(events_of(kind, "[[answer 1, 9]]\nDe 9 a 19."))]
    asked = replace(request_to(models, kind), base_ids=(base.id,))
    with tenant_scope(tenant):
        *_, reply = providers[kind].stream(asked)
    assert "Abrimos de lunes a viernes" in str(models.requests[0].body["messages"][-1])
    assert isinstance(reply, Reply)
    (citation,) = reply.citations
    assert citation.title == "¿Cuál es el horario de atención?"
    assert reply.confidence == 1.0


@each_kind
@pytest.mark.parametrize(("mark", "confidence"), [("unknown", 0.0), ("human", 1.0)])
def test_a_model_can_say_that_it_does_not_know_or_that_a_human_is_wanted(
    tenant: TenantModel, models: FakeModels, kind: str, mark: str, confidence: float
) -> None:
    *_, reply = run(tenant, models, kind, stream(events_of(kind, f"[[{mark}]]\nNo lo sé.")))
    assert isinstance(reply, Reply)
    assert (reply.kind, reply.text, reply.confidence) == (mark, "No lo sé.", confidence)


def test_who_asks_for_a_human_gets_one_without_a_model(tenant: TenantModel, models: FakeModels) -> None:
    with tenant_scope(tenant):
        *_, reply = providers["openai"].stream(request_to(models, "openai", "quiero hablar con una persona"))
    assert isinstance(reply, Reply)
    assert (reply.kind, models.requests) == ("human", [])


REFUSALS: dict[str, tuple[Behaviour, str, bool]] = {
    "wrong key": (refusal(401, "authentication_error", f"invalid key {SECRET}"), "credentials", True),
    "no right": (refusal(403, "permission_error", "not allowed"), "credentials", True),
    "unknown model": (refusal(404, "not_found_error", "model: remote-1"), "not_found", True),
    "bad request": (refusal(400, "invalid_request_error", "bad"), "rejected", True),
    "no credit": (refusal(402, "billing_error", "pay first"), "quota", True),
    "too many": (refusal(429, "rate_limit_error", "slow down", Retry_After="7"), "rate_limited", False),
    "server error": (refusal(500, "api_error", "oops"), "unavailable", False),
    "away": (refusal(503, "unavailable", "later"), "unavailable", False),
    "overloaded": (refusal(529, "overloaded_error", "Overloaded"), "unavailable", False),
    "gateway's page": (whole(502, b"<html><h1>Bad Gateway</h1></html>", "text/html"), "unavailable", False),
    "own page": (whole(200, b"<html><h1>Welcome</h1></html>", "text/html"), "", False),
    "empty body": (whole(200, b"", "text/event-stream"), "", False),
    "empty json": (whole(200, b""), "", False),
    "wrong type": (whole(200, b"hello", "text/plain"), "", False),
    "not json": (stream([b"data: {not json\n\n", b"data: [DONE]\n\n"]), "unreadable", False),
    "other json": (stream([data({"choices": "x"}), data([1, 2]), data("x")]), "", False),
    "huge line": (stream([b"data: " + b"x" * 17_000_000]), "", False),
}


@each_kind
@pytest.mark.parametrize("name", REFUSALS)
def test_each_failure_is_told_apart_and_asked_once(
    tenant: TenantModel, models: FakeModels, kind: str, name: str
) -> None:
    behaviour, reason, is_permanent = REFUSALS[name]
    error = failure(tenant, models, kind, behaviour)
    assert error.reason == reason or not reason, str(error)
    assert error.is_permanent == is_permanent
    assert len(models.requests) == 1
    assert SECRET not in str(error)
    assert str(error).startswith("our model: ")


def test_a_conversation_that_is_too_long_for_the_provider_is_told_apart(
    tenant: TenantModel, models: FakeModels
) -> None:
    openai = refusal(400, "context_length_exceeded", "This model's maximum context length is 8192 tokens.")
    assert failure(tenant, models, "openai", openai).reason == "too_long"
    anthropic = refusal(400, "invalid_request_error", "prompt is too long: 9000 tokens > 8192 maximum")
    assert failure(tenant, models, "anthropic", anthropic).reason == "too_long"


@each_kind
@pytest.mark.parametrize(("header", "least", "most"), [("7", 7, 7), ("", 30, 90)], ids=["seconds", "date"])
def test_when_to_come_back_is_read_as_seconds_or_as_a_date(
    tenant: TenantModel, models: FakeModels, kind: str, header: str, least: float, most: float
) -> None:
    header = header or format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    error = failure(tenant, models, kind, refusal(429, "rate_limit_error", "slow", Retry_After=header))
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


BROKEN = ("[[answer]]\nAbrimos ", "a las ")


@each_kind
def test_an_error_in_the_middle_of_a_stream_is_one(tenant: TenantModel, models: FakeModels, kind: str) -> None:
    error = {"type": "overloaded_error", "message": "Overloaded", "code": None}
    event = named("error", {"type": "error", "error": error}) if kind == "anthropic" else data({"error": error})
    events = [*events_of(kind, *BROKEN, finish=None)[:4], event]
    assert not failure(tenant, models, kind, stream(events)).is_permanent


@each_kind
def test_a_reset_in_the_middle_is_a_failure_after_the_pieces_that_came(
    tenant: TenantModel, models: FakeModels, kind: str
) -> None:
    models.script[:] = [then_reset(events_of(kind, *BROKEN)[: 5 if kind == "anthropic" else 3])]
    said: list[str | Reply] = []
    with tenant_scope(tenant), pytest.raises(ProviderError) as raised:
        said.extend(providers[kind].stream(request_to(models, kind)))
    assert (raised.value.reason, raised.value.is_permanent) == ("unreachable", False)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_stream_that_ends_without_saying_so_was_cut_off(tenant: TenantModel, models: FakeModels, kind: str) -> None:
    events = events_of(kind, *BROKEN, finish=None, **({} if kind == "anthropic" else {"usage": None}))
    assert failure(tenant, models, kind, stream(events[:4])).reason == "unreadable"


def test_a_compatible_server_that_says_neither_end_nor_tokens_is_taken_at_its_word(
    tenant: TenantModel, models: FakeModels
) -> None:
    events = events_of("openai_compatible", "Abrimos a las nueve.", finish=None, usage=None)
    *_, reply = run(tenant, models, "openai_compatible", stream(events))
    assert isinstance(reply, Reply)
    assert reply.text == "Abrimos a las nueve."
    assert reply.output_tokens == 7
    assert 100 < reply.input_tokens < 2000


@each_kind
def test_a_server_that_says_nothing_is_left(
    tenant: TenantModel, models: FakeModels, impatient: None, kind: str
) -> None:
    began = time.monotonic()
    assert failure(tenant, models, kind, silence).reason == "too_slow"
    assert time.monotonic() - began < 5
    assert models.left.wait(3)


@each_kind
def test_a_server_that_falls_silent_is_left(
    tenant: TenantModel, models: FakeModels, impatient: None, kind: str
) -> None:
    assert failure(tenant, models, kind, then_silence(events_of(kind, *BROKEN)[:4])).reason == "too_slow"
    assert models.left.wait(3)


@each_kind
def test_a_reply_without_end_is_ended(tenant: TenantModel, models: FakeModels, impatient: None, kind: str) -> None:
    events = events_of(kind, *["palabra "] * 1000, finish=None)

    def drip(handler: Any) -> None:
        handler.head(200, "text/event-stream")
        for event in events:
            handler.chunk(event)
            time.sleep(0.1)

    began = time.monotonic()
    assert failure(tenant, models, kind, drip).reason == "too_slow"
    assert 1 < time.monotonic() - began < 4


@each_kind
def test_closing_the_reply_closes_the_request(tenant: TenantModel, models: FakeModels, kind: str) -> None:
    models.script[:] = [then_silence(events_of(kind, "Abrimos a las", finish=None)[:4])]
    with tenant_scope(tenant), closing(providers[kind].stream(request_to(models, kind))) as parts:  # type: ignore[type-var]
        assert next(part for part in parts if part) == "Abrimos a las"
        assert not models.left.is_set()
    assert models.left.wait(3)


@each_kind
def test_while_a_model_thinks_who_listens_hears_that_it_is_at_it(
    tenant: TenantModel, models: FakeModels, kind: str
) -> None:
    def slow(handler: Any) -> None:
        time.sleep(1.3)
        stream(events_of(kind, "Hola."))(handler)

    first, *_ = run(tenant, models, kind, slow)
    assert first == ""


@each_kind
def test_a_reply_that_is_cut_for_length_shows_it(tenant: TenantModel, models: FakeModels, kind: str) -> None:
    finish = "max_tokens" if kind == "anthropic" else "length"
    *_, reply = run(tenant, models, kind, stream(events_of(kind, "Abrimos de lunes a", finish=finish)))
    assert isinstance(reply, Reply)
    assert reply.text == "Abrimos de lunes a…"


@each_kind
def test_what_the_provider_filters_or_leaves_empty_is_no_reply(
    tenant: TenantModel, models: FakeModels, kind: str
) -> None:
    finish = "refusal" if kind == "anthropic" else "content_filter"
    filtered = failure(tenant, models, kind, stream(events_of(kind, finish=finish)))
    assert (filtered.reason, filtered.is_permanent) == ("filtered", True)
    assert failure(tenant, models, kind, stream(events_of(kind))).reason == "empty"
    assert failure(tenant, models, kind, stream(events_of(kind, "[[unknown]]\n", " "))).reason == "empty"


@each_kind
def test_broken_letters_do_not_break_the_reply(tenant: TenantModel, models: FakeModels, kind: str) -> None:
    events = [event.replace(b"MARK", b"\xc3\x28\xf0\x9f") for event in events_of(kind, "Abrimos MARK a las nueve.")]
    try:
        *_, reply = run(tenant, models, kind, stream(events))
    except ProviderError as error:
        assert error.reason == "unreadable"
    else:
        assert isinstance(reply, Reply)
        assert "a las nueve" in reply.text


@each_kind
def test_letters_cut_between_two_chunks_are_whole(tenant: TenantModel, models: FakeModels, kind: str) -> None:
    sent = b"".join(events_of(kind, "ñandú 🌿 mañana")).replace(b"\\u00f1", "ñ".encode())
    *_, reply = run(tenant, models, kind, stream([sent[at : at + 1] for at in range(len(sent))]))
    assert isinstance(reply, Reply)
    assert reply.text == "ñandú 🌿 mañana"


@each_kind
def test_an_address_inside_is_refused_unless_the_operator_allows_it(
    tenant: TenantModel, models: FakeModels, settings: Any, kind: str
) -> None:
    settings.OUTGOING_ALLOW = []
    error = failure(tenant, models, kind, silence)
    assert (error.reason, error.is_permanent, models.requests) == ("refused_address", True, [])


def test_nobody_listening_is_unreachable(tenant: TenantModel, models: FakeModels) -> None:
    gone = replace(request_to(models, "openai"), model=ModelUse("our model", "m", "http://127.0.0.1:9/v1", SECRET))
    with tenant_scope(tenant), pytest.raises(ProviderError) as raised:
        list(providers["openai"].stream(gone))
    assert raised.value.reason in {"unreachable", "refused_address"}
