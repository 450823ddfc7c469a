"""Models and keys to their providers: over REST and in the administration, and what an agent's page says of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from agents.models import AgentModel, AIModel, ProviderCredential
from agents.services.credentials import find_secret
from agents.tests.wire_server import FakeModels, events_of, fake_models, refusal, stream
from audit.models import AuditLog
from tenants.models import TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tests.support.administration import browser_of
from tests.support.cast import Visitor, client_of, client_with_key

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
MODELS, KEYS = "/api/v1/ai-models/", "/api/v1/provider-credentials/"
SECRET = "sk-live-0123456789-abcd"


@pytest.fixture
def models(settings: Any) -> Iterator[FakeModels]:
    """Run a server for models on this machine."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    with fake_models() as running:
        yield running


def test_the_operator_alone_writes_models(tenant: TenantModel, operator: User, owner: User) -> None:
    body = {"name": "smart", "provider": "openai", "remote_name": "gpt-x"}
    assert client_of(owner).post(MODELS, body).status_code == 403
    assert client_with_key(tenant, "*").post(MODELS, body).status_code == 403
    client = client_of(operator, tenant)
    made = client.post(MODELS, body)
    assert made.status_code == 201, made.json()
    path = f"{MODELS}{made.json()['id']}/"
    assert client.patch(path, {"is_active": False}).json()["is_active"] is False
    assert client_of(owner).get(MODELS).json()["results"] == []
    assert [row["name"] for row in client.get(MODELS).json()["results"]] == ["smart"]
    assert client.delete(path).status_code == 204
    with in_tenant(tenant):
        actions = list(AuditLog.objects.filter(object_type="ai_model").values_list("action", flat=True))
    assert sorted(actions) == ["ai_model_created", "ai_model_deleted", "ai_model_updated"]


@pytest.mark.parametrize("address", ["http://169.254.169.254/v1", "file:///etc/passwd", "http://localhost:11434/v1"])
def test_an_address_that_could_never_be_called_is_refused(
    tenant: TenantModel, operator: User, admin: User, address: str
) -> None:
    body = {"name": "x", "provider": "openai_compatible", "base_url": address, "secret": SECRET}
    for answer in (client_of(operator, tenant).post(MODELS, body), client_of(admin).post(KEYS, body)):
        assert answer.status_code == 400
        assert [error["attr"] for error in answer.json()["errors"]] == ["base_url"]


def test_a_key_goes_in_and_never_comes_out(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    made = client.post(KEYS, {"provider": "openai", "secret": SECRET})
    assert made.status_code == 201, made.json()
    path = f"{KEYS}{made.json()['id']}/"
    renamed = client.patch(path, {"name": "Main"})
    for answer in (made, renamed, client.get(path), client.get(KEYS)):
        assert SECRET not in answer.content.decode()
    assert (renamed.json()["name"], renamed.json()["ending"]) == ("Main", "abcd")
    with in_tenant(tenant):
        assert find_secret("openai", "") == SECRET
    assert client.post(KEYS, {"provider": "openai", "secret": "another"}).json()["errors"][0]["code"] == "conflict"
    assert client.patch(path, {"base_url": "https://x.example/v1"}).json()["errors"][0]["attr"] == "secret"
    assert client.post(KEYS, {"provider": "anthropic"}).json()["errors"][0]["code"] == "required"
    assert client.delete(path).status_code == 204


def test_keys_are_the_admins_affair_and_no_neighbours(
    tenant: TenantModel, admin: User, colleague: User, outsider: User, visitor: Visitor
) -> None:
    made = client_of(admin).post(KEYS, {"provider": "openai", "secret": SECRET}).json()
    assert client_of(colleague).post(KEYS, {"provider": "anthropic", "secret": SECRET}).status_code == 403
    assert visitor.client.get(KEYS).status_code == 403
    assert client_of(outsider).get(f"{KEYS}{made['id']}/").status_code == 404
    assert client_of(outsider).get(KEYS).json()["results"] == []


def test_a_key_is_made_in_the_administration(tenant: TenantModel, admin: User) -> None:
    browser = browser_of(admin)
    add = reverse("admin:agents_providercredential_add")
    form = {"name": "", "provider": "openai", "base_url": "", "secret": ""}
    assert "secret" in browser.post(add, form).context["adminform"].form.errors
    assert browser.post(add, {**form, "secret": SECRET}).status_code == 302
    with in_tenant(tenant):
        kept = ProviderCredential.objects.get()
        assert find_secret("openai", "") == SECRET
    page = reverse("admin:agents_providercredential_change", args=[kept.pk])
    assert SECRET not in browser.get(page).content.decode()
    assert "…abcd" in browser.get(page).content.decode()
    assert browser.post(page, {**form, "name": "Main"}).status_code == 302
    with in_tenant(tenant):
        assert (ProviderCredential.objects.get().name, find_secret("openai", "")) == ("Main", SECRET)


def agents_page(tenant: TenantModel, model: AIModel) -> str:
    with in_tenant(tenant):
        AgentModel.objects.update(ai_model=model)
        return reverse("admin:agents_agentmodel_change", args=[AgentModel.objects.get().pk])


def test_an_agents_page_says_that_its_model_has_no_key(tenant: TenantModel, admin: User) -> None:
    page = agents_page(tenant, AIModel.objects.create(name="smart", provider="openai"))
    said = browser_of(admin).get(page, headers={"Accept-Language": "en"}).content.decode()
    assert "needs a key: add one for OpenAI" in said


def test_an_agent_is_tried_out_in_the_administration(
    tenant: TenantModel, admin: User, viewer: User, models: FakeModels
) -> None:
    address = models.base_url("openai_compatible")
    page = agents_page(tenant, AIModel.objects.create(name="local", provider="openai_compatible", base_url=address))
    with in_tenant(tenant):
        tried = reverse("admin:agents_agentmodel_try_it", args=[AgentModel.objects.get().pk])
    headers = {"Accept-Language": "en"}
    browser = browser_of(admin)
    models.script[:] = [
        stream(events_of("openai", "[[answer]]\nI know our opening hours.")),
        refusal(401, "invalid_api_key", "Incorrect API key provided"),
    ]
    for expected in ("local (18 tokens): I know our opening hours.", "No answer: local: HTTP 401 Incorrect API key"):
        assert browser.get(tried, headers=headers).status_code == 302
        assert expected in browser.get(page, headers=headers).content.decode()
    assert browser_of(viewer).get(tried).status_code == 403
    assert len(models.requests) == 2
