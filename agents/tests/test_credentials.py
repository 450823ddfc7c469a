"""Keys to providers: sealed, for one address, never given back; and what a model is used with."""

from typing import Any

import pytest

from agents.models import AgentModel, AIModel, Provider, ProviderCredential
from agents.services.credentials import find_secret, save_credential
from agents.services.model_use import problems_of, use_of
from audit.models import AuditLog
from tenants.models import TenantModel
from tenants.scope import in_tenant

SECRET = "sk-live-0123456789-abcd"


def keep(tenant: TenantModel, provider: str = "openai", base_url: str = "", secret: str = SECRET) -> ProviderCredential:
    with in_tenant(tenant):
        fields = {"provider": provider, "base_url": base_url}
        return save_credential(ProviderCredential(), fields, secret=secret, actor=None)


def model(**fields: Any) -> AIModel:
    return AIModel.objects.create(**{"name": "smart", "provider": Provider.OPENAI, **fields})


def test_a_secret_is_sealed_and_only_its_end_can_be_seen(tenant: TenantModel) -> None:
    kept = keep(tenant)
    with in_tenant(tenant):
        row = ProviderCredential.objects.values().get()
        assert find_secret("openai", "") == SECRET
    assert kept.ending == row["ending"] == "abcd"
    assert SECRET not in str(row)


def test_of_a_short_secret_nothing_can_be_seen(tenant: TenantModel) -> None:
    assert keep(tenant, secret="short-key").ending == ""


def test_a_key_is_for_exactly_one_address(tenant: TenantModel) -> None:
    keep(tenant, "openai_compatible", "https://one.example/v1/")
    with in_tenant(tenant):
        assert find_secret("openai_compatible", "https://one.example/v1") == SECRET
        for provider, address in (
            ("openai_compatible", "https://two.example/v1"),
            ("openai_compatible", ""),
            ("openai", ""),
        ):
            assert find_secret(provider, address) == ""


@pytest.mark.parametrize("change", [{"base_url": "https://elsewhere.example"}, {"provider": "anthropic"}])
def test_a_key_is_not_moved_to_another_address_without_its_secret(tenant: TenantModel, change: dict[str, str]) -> None:
    kept = keep(tenant)
    with in_tenant(tenant):
        with pytest.raises(ValueError, match="secret is needed"):
            save_credential(kept, change, secret=None, actor=None)
        renamed = save_credential(kept, {"name": "Main"}, secret="", actor=None)
        assert (str(renamed), find_secret("openai", "")) == ("Main", SECRET)


def test_a_neighbours_key_is_not_used(tenant: TenantModel, neighbour: TenantModel) -> None:
    keep(neighbour)
    with in_tenant(tenant):
        assert find_secret("openai", "") == ""
        assert use_of(model()).problem == "no_key"


def test_the_audit_log_knows_of_a_key_and_not_the_key(tenant: TenantModel) -> None:
    keep(tenant)
    with in_tenant(tenant):
        (entry,) = AuditLog.objects.filter(action="provider_credential_created")
    assert entry.details["fields"] == ["base_url", "provider", "secret"]
    assert SECRET not in str(entry.details)


def test_a_model_is_used_with_its_key_and_the_agents_own_measures(tenant: TenantModel) -> None:
    keep(tenant)
    with in_tenant(tenant):
        use = use_of(model(remote_name="gpt-x", context_window=1000), temperature=0.0, max_tokens=99)
    assert (use.name, use.remote_name, use.secret, use.problem) == ("smart", "gpt-x", SECRET, None)
    assert (use.temperature, use.max_tokens, use.context_window) == (0.0, 99, 1000)
    assert SECRET not in repr(use)


def test_what_keeps_an_agent_from_answering_is_said(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        agent = AgentModel.objects.get()
        assert problems_of(agent) == []
        agent.ai_model, agent.fallback_model = model(), model(name="old", is_active=False)
        needs, off = problems_of(agent)
        assert "OpenAI" in needs
        assert "old" in off
        agent.ai_model.provider, agent.ai_model.base_url = "openai_compatible", "https://own.example/v1"
        assert problems_of(agent) == [off]


def test_a_key_that_cannot_be_opened_is_said_and_not_raised(tenant: TenantModel) -> None:
    keep(tenant)
    with in_tenant(tenant):
        ProviderCredential.objects.update(sealed_secret="c1.broken.value")
        assert use_of(model()).problem == "sealed"
