"""The administration as a whole: every page of it works, for each role what it may, and no other tenant's row."""

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from unfold.admin import ModelAdmin

from agents.models import AgentModel, KnowledgeBase
from agents.services.documents import Entry, store
from audit.models import AuditLog
from chats.models import Channel, ChatModel, Contact
from tenants.admin_base import RoleAdmin
from tenants.models import Membership, TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
admin.autodiscover()
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
READ = {
    "viewer": {
        "agents.AgentModel", "agents.KnowledgeBase", "agents.KnowledgeChunk", "agents.KnowledgeDocument",
        "chats.ChatModel", "chats.Contact", "chats.Thread", "tenants.Membership", "analysis.SentimentChatModel",
        "analysis.MessageIntent", "analysis.Intent", "analysis.ConversationAnalytics", "analysis.ConversationSummary",
        "notifications.Notification", "analysis.Report",
    },
    "admin": {
        "tenants.Invitation",
        "audit.AuditLog", "audit.ErrorLog", "chats.Channel", "chats.JsonStateBatch", "tenants.APIKey",
        "tenants.TenantModel", "tenants.WorkItem", "analysis.TrainedModel", "notifications.WebhookDelivery",
        "notifications.WebhookEndpoint", "notifications.Room", "agents.ProviderCredential",
    },
    "operator": {
        "agents.AIModel", "tenants.Schedule", "tenants.SystemConfig", "tenants.User", "tenants.LoginSession",
        "metrics.CommandRun", "tenants.Backup",
    },
}  # fmt: skip
ADD = {
    "admin": {
        "agents.AgentModel", "agents.KnowledgeBase", "agents.KnowledgeDocument", "chats.Channel", "tenants.APIKey",
        "tenants.Invitation", "analysis.Intent", "notifications.WebhookEndpoint", "notifications.Room",
        "agents.ProviderCredential",
    },
    "operator": {
        "agents.AIModel", "tenants.Membership", "tenants.SystemConfig", "tenants.TenantModel", "tenants.User",
    },
}  # fmt: skip
ROLES = ["viewer", "colleague", "admin", "owner", "operator"]


def label(model: type[Model]) -> str:
    return model._meta.label


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def allowed(rights: dict[str, set[str]], role: str) -> set[str]:
    """Return what a role may: everything of those below it too."""
    found = set()
    for least, labels in rights.items():
        if ROLES.index(role) >= ROLES.index(least):
            found |= labels
    return found


@pytest.fixture
def filled(tenant: TenantModel, chat: ChatModel) -> TenantModel:
    """A tenant with a row of most kinds."""
    with in_tenant(tenant):
        base = KnowledgeBase.objects.create(name="shop", language="en")
        store(base, [Entry("How long does delivery take?", "Delivery takes two days.", "faq.csv", "en")])
    return tenant


def test_every_admin_goes_by_roles() -> None:
    assert [label(model) for model, entry in admin.site._registry.items() if not isinstance(entry, RoleAdmin)] == []


def test_the_matrix_names_every_kind() -> None:
    assert {label(model) for model in MODELS} == set().union(*READ.values())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_kinds(filled: TenantModel, role: str, request: pytest.FixtureRequest) -> None:
    browser = browser_of(request.getfixturevalue(role), filled if role == "operator" else None)
    seen = {label(model) for model in MODELS if browser.get(page(model, "changelist")).status_code == 200}
    assert seen == allowed(READ, role)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_adds_its_kinds(filled: TenantModel, role: str, request: pytest.FixtureRequest) -> None:
    browser = browser_of(request.getfixturevalue(role), filled if role == "operator" else None)
    added = {label(model) for model in MODELS if browser.get(page(model, "add")).status_code == 200}
    assert added == allowed(ADD, role)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("model", MODELS, ids=label)
def test_every_list_can_be_searched_and_every_row_opened(
    filled: TenantModel, operator: User, model: type[Model], language: str
) -> None:
    browser = browser_of(operator, filled)
    headers = {"Accept-Language": language}
    listed = browser.get(page(model, "changelist"), {"q": "delivery"}, headers=headers)
    assert listed.status_code in {200, 302}
    rows = browser.get(page(model, "changelist"), headers=headers).context["cl"].result_list
    for row in list(rows)[:1]:
        assert browser.get(page(model, "change", row.pk), headers=headers).status_code == 200


def test_no_row_of_a_neighbour_is_listed_or_opened(filled: TenantModel, outsider: User) -> None:
    browser = browser_of(outsider, filled)
    with in_tenant(filled):
        theirs: list[Model] = [
            AgentModel.objects.get(), KnowledgeBase.objects.get(), Channel.objects.get(), Contact.objects.get(),
            ChatModel.objects.get(), AuditLog.objects.latest("id"),
        ]  # fmt: skip
    for row in [*theirs, filled]:
        listed = browser.get(page(type(row), "changelist")).context["cl"].result_list
        assert row.pk not in [shown.pk for shown in listed]
        for name in ("change", "delete", "history"):
            response = browser.get(page(type(row), name, row.pk))
            assert response.status_code in {302, 403}, (row, name)


def test_a_row_of_a_neighbour_cannot_be_pointed_to(filled: TenantModel, outsider: User, neighbour: TenantModel) -> None:
    with in_tenant(filled):
        base = KnowledgeBase.objects.get()
    data = {"base": str(base.pk), "title": "Intruder", "content": "text", "language": "en", "metadata": "{}"}
    response = browser_of(outsider).post(reverse("admin:agents_knowledgedocument_add"), data)
    assert response.status_code == 200
    assert "base" in response.context["adminform"].form.errors


def test_a_member_switches_between_its_own_tenants_alone(
    owner: User, tenant: TenantModel, neighbour: TenantModel, outsider: User
) -> None:
    browser = browser_of(owner)
    switch = reverse("admin:switch_tenant")
    browser.post(switch, {"tenant": str(neighbour.pk)})
    assert browser.get(reverse("admin:index")).context["tenant_shown"] == tenant
    with in_tenant(neighbour):
        Membership.objects.create(user=owner, role="viewer")
    from tenants.services.credentials import forget_credentials

    forget_credentials()
    browser.post(switch, {"tenant": str(neighbour.pk)})
    assert browser.get(reverse("admin:index")).context["tenant_shown"] == neighbour
    assert browser.get(reverse("admin:tenants_apikey_changelist")).status_code == 403


def test_switching_needs_a_post(owner: User) -> None:
    assert browser_of(owner).get(reverse("admin:switch_tenant")).status_code == 405


def test_the_operator_shows_any_tenant(operator: User, tenant: TenantModel, neighbour: TenantModel) -> None:
    browser = browser_of(operator)
    for one in (neighbour, tenant):
        browser.post(reverse("admin:switch_tenant"), {"tenant": str(one.pk)})
        assert browser.get(reverse("admin:index")).context["tenant_shown"] == one
        with in_tenant(one):
            assert AuditLog.objects.get(action="operator_entered").actor_id == operator.pk


def test_a_change_here_is_in_the_audit_log(admin: User, filled: TenantModel) -> None:
    with in_tenant(filled):
        contact = Contact.objects.get()
    data = {"name": "Ana", "email": "", "language": "es", "labels": "[]", "chat_address": ""}
    response = browser_of(admin).post(reverse("admin:chats_contact_change", args=[contact.pk]), data)
    assert response.status_code == 302
    with in_tenant(filled):
        row = AuditLog.objects.get(object_type="contact", action="admin_changed")
    assert row.actor_id == admin.pk
    assert row.object_id == str(contact.pk)
    assert set(row.details["changed"]) >= {"Name"}


def test_pages_allow_what_unfold_needs_and_no_inline_script(client: Any) -> None:
    policy = client.get(reverse("admin:login")).headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert "'unsafe-eval'" in scripts
    assert "'unsafe-inline'" not in scripts
    assert "unsafe" not in client.get("/healthz").headers["Content-Security-Policy"]


def test_unfolds_looks_are_on_every_page() -> None:
    assert all(isinstance(entry, ModelAdmin) for entry in admin.site._registry.values())


def test_unfolds_own_words_are_spanish_too(client: Any) -> None:
    page = client.get(reverse("admin:login"), headers={"Accept-Language": "es"}).content.decode()
    assert "Hola de nuevo en" in page
    assert "Welcome back" not in page
