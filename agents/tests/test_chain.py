"""Who is asked when a model fails: retries, the fallback model, the knowledge, then a person. Never silence."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.errors import NoAnswerError, ProviderError
from agents.models import AgentModel, AIModel, ModelPerformance, Provider
from agents.providers import ReplyRequest, providers
from agents.providers.builtin import BuiltinProvider
from agents.replies import ConversationTurn, Reply
from agents.services.agent_service import AgentService
from agents.tests.support import default_model, learn
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

KNOWN, UNKNOWN = "¿Cuál es el horario de atención?", "¿Quién ganó el mundial?"


@dataclass
class Scripted:
    """A provider that does what it is told for each model: a text to say, or an error to raise after some pieces."""

    script: dict[str, Any]
    asked: list[str] = field(default_factory=list)
    requests: list[ReplyRequest] = field(default_factory=list)

    def stream(self, request: ReplyRequest) -> Iterator[str | Reply]:
        """Say it."""
        self.asked.append(request.model.name)
        self.requests.append(request)
        pieces = self.script[request.model.name]
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece
        yield Reply("".join(pieces), (), request.model.name, 7, "answer", 1.0, "es", 4, 3)


def outage(*, is_permanent: bool = False) -> ProviderError:
    return ProviderError("down", retry_after=None if is_permanent else 7, is_permanent=is_permanent)


def replies(
    tenant: TenantModel, question: str = KNOWN, *, attempt: int = 1, fallback: bool = True, **script: Any
) -> tuple[list[str | Reply] | Exception, list[str]]:
    """Return what an agent of the models `main` and `spare` says, or what it raises, and who was asked."""
    default_model()
    made = [
        AIModel.objects.get_or_create(name=name, defaults={"provider": Provider.OPENAI_COMPATIBLE})[0]
        for name in script
    ]
    with in_tenant(tenant):
        agent = AgentModel.objects.get(is_default=True)
        agent.ai_model, agent.fallback_model = made[0], made[-1] if fallback else None
        agent.save()
    scripted = Scripted(script)
    turns = [ConversationTurn("user", question)]
    with tenant_scope(tenant), providers.lent(openai_compatible=scripted, builtin=BuiltinProvider()):
        try:
            stream = AgentService.stream_reply(agent_id=agent.id, turns=turns, language="es", attempt=attempt)
            return list(stream), scripted.asked
        except (ProviderError, NoAnswerError) as error:
            return error, scripted.asked


@pytest.mark.parametrize(("attempt", "asked"), [(1, ["main"]), (2, ["main"]), (3, ["spare"]), (4, []), (9, [])])
def test_each_attempt_asks_the_next(tenant: TenantModel, attempt: int, asked: list[str]) -> None:
    learn(tenant)
    said, who = replies(tenant, attempt=attempt, main=["a", "b"], spare=["c"])
    assert who == asked
    assert isinstance(said, list)
    assert isinstance(said[-1], Reply)
    assert said[-1].model_used == (asked or ["builtin"])[0]


def test_without_a_fallback_model_the_third_attempt_is_the_models_again(tenant: TenantModel) -> None:
    assert replies(tenant, attempt=3, fallback=False, main=["a"])[1] == ["main"]


def test_what_may_work_later_is_left_to_the_next_attempt(tenant: TenantModel) -> None:
    raised, asked = replies(tenant, main=[outage()], spare=["never"])
    assert isinstance(raised, ProviderError)
    assert (raised.retry_after, asked) == (7, ["main"])


def test_what_can_never_work_goes_on_to_the_next_at_once(tenant: TenantModel) -> None:
    said, asked = replies(tenant, main=[outage(is_permanent=True)], spare=["yes"])
    assert isinstance(said, list)
    assert (said[0], asked) == ("yes", ["main", "spare"])


def test_after_a_piece_nothing_else_is_said_in_the_same_attempt(tenant: TenantModel) -> None:
    raised, asked = replies(tenant, main=["Hel", outage(is_permanent=True)], spare=["never"])
    assert isinstance(raised, ProviderError)
    assert asked == ["main"]


def test_when_no_model_can_the_knowledge_answers(tenant: TenantModel) -> None:
    learn(tenant)
    said, _ = replies(tenant, main=[outage(is_permanent=True)], spare=[outage(is_permanent=True)])
    assert isinstance(said, list)
    assert isinstance(said[-1], Reply)
    assert (said[-1].text, said[-1].model_used) == ("Abrimos de lunes a viernes de 9:00 a 19:00.", "builtin")


@pytest.mark.parametrize("attempt", [1, 4])
def test_when_the_knowledge_does_not_know_either_nothing_is_said_but_that_nobody_answers(
    tenant: TenantModel, attempt: int
) -> None:
    learn(tenant)
    raised, _ = replies(tenant, UNKNOWN, attempt=attempt, fallback=False, main=[outage(is_permanent=True)])
    assert isinstance(raised, NoAnswerError)


def test_a_call_that_cannot_wait_walks_down_the_chain_at_once(tenant: TenantModel) -> None:
    replies(tenant, main=["x"], spare=["y"])
    learn(tenant)
    with in_tenant(tenant):
        agent = AgentModel.objects.get(is_default=True)
    turns = [ConversationTurn("user", KNOWN)]
    for script, answer in (
        ({"main": [outage()], "spare": ["spare says"]}, "spare says"),
        ({"main": ["half", outage()], "spare": [outage()]}, "Abrimos de lunes a viernes de 9:00 a 19:00."),
    ):
        with tenant_scope(tenant), providers.lent(openai_compatible=Scripted(script), builtin=BuiltinProvider()):
            assert AgentService.reply(agent_id=agent.id, turns=turns).text == answer


def test_a_chats_tone_goes_before_the_agents_own(tenant: TenantModel) -> None:
    replies(tenant, main=["x"])
    with in_tenant(tenant):
        agent = AgentModel.objects.get(is_default=True)
    scripted = Scripted({"main": ["x"]})
    with tenant_scope(tenant), providers.lent(openai_compatible=scripted):
        for tone in ("", "empathetic"):
            list(AgentService.stream_reply(agent_id=agent.id, turns=[ConversationTurn("user", "x")], tone=tone))
    assert [request.tone for request in scripted.requests] == ["friendly", "empathetic"]


def test_a_failure_counts_as_the_models_and_a_reply_nobody_waits_for_does_not(tenant: TenantModel) -> None:
    replies(tenant, main=[outage()])
    with in_tenant(tenant):
        agent = AgentModel.objects.get(is_default=True)
    with tenant_scope(tenant), providers.lent(openai_compatible=Scripted({"main": ["a", "b"]})):
        stream = AgentService.stream_reply(agent_id=agent.id, turns=[ConversationTurn("user", "x")])
        assert next(stream) == "a"
        stream.close()  # type: ignore[attr-defined]  # a generator
    (row,) = ModelPerformance.objects.filter(model__name="main", metric_name="error_rate")
    assert (row.metric_value, row.sample_size) == (1.0, 1)
