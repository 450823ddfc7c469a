"""One question to the tenant's model, without a conversation."""

from collections.abc import Iterator
from typing import Any

import pytest

from agents.errors import NoModelError, ProviderError
from agents.models import AgentModel, AIModel, ModelPerformance, Provider
from agents.services.completion import complete
from agents.tests.support import default_model
from agents.tests.wire_server import FakeModels, events_of, fake_models, refusal, stream
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope


@pytest.fixture
def models(settings: Any) -> Iterator[FakeModels]:
    """Run a server for models on this machine."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    with fake_models() as running:
        yield running


def use(tenant: TenantModel, models: FakeModels, **fields: Any) -> AIModel:
    made = AIModel.objects.create(
        name="local", provider=Provider.OPENAI_COMPATIBLE, base_url=models.base_url("openai_compatible"), **fields
    )
    with in_tenant(tenant):
        AgentModel.objects.filter(is_default=True).update(ai_model=made)
    return made


def test_a_text_is_given_to_the_default_agents_model(tenant: TenantModel, models: FakeModels) -> None:
    use(tenant, models)
    models.script[:] = [stream(events_of("openai", "A short ", "summary."))]
    with tenant_scope(tenant):
        done = complete(instructions="Sum it up.", text="long talk", max_tokens=50)
    assert (done.text, done.tokens_used, done.model_used) == ("A short summary.", 18, "local")
    (asked,) = models.requests
    assert [message["content"] for message in asked.body["messages"]] == ["Sum it up.", "long talk"]
    assert 50 in (asked.body.get("max_tokens"), asked.body.get("max_completion_tokens"))
    assert ModelPerformance.objects.get(metric_name="error_rate").metric_value == 0


def test_of_a_text_that_is_too_long_the_end_is_given(tenant: TenantModel, models: FakeModels) -> None:
    use(tenant, models, context_window=600)
    models.script[:] = [stream(events_of("openai", "Yes."))]
    with tenant_scope(tenant):
        complete(instructions="Sum it up.", text="early " * 1000 + "late", max_tokens=50)
    given = models.requests[0].body["messages"][-1]["content"]
    assert given.endswith("late")
    assert 300 < len(given) < 1800


def test_without_a_language_model_it_says_so(tenant: TenantModel) -> None:
    default_model()
    with tenant_scope(tenant), pytest.raises(NoModelError, match="builtin"):
        complete(instructions="x", text="y")


def test_a_failure_is_raised_once(tenant: TenantModel, models: FakeModels) -> None:
    use(tenant, models)
    models.script[:] = [refusal(503, "unavailable", "later")]
    with tenant_scope(tenant), pytest.raises(ProviderError):
        complete(instructions="x", text="y")
    assert len(models.requests) == 1
    assert ModelPerformance.objects.get(metric_name="error_rate").metric_value == 1


def test_a_model_without_its_key_is_not_asked(tenant: TenantModel, models: FakeModels) -> None:
    made = use(tenant, models)
    AIModel.objects.filter(pk=made.pk).update(provider=Provider.OPENAI)
    with tenant_scope(tenant), pytest.raises(ProviderError) as raised:
        complete(instructions="x", text="y")
    assert (raised.value.reason, models.requests) == ("no_key", [])
