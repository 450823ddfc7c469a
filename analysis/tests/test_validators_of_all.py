"""What the other apps' validators look for: broken on purpose, found, and mended where it can be."""

from typing import Any

import pytest
from django.db import connection

from agents.models import AgentModel, AIModel, KnowledgeBase, KnowledgeChunk, KnowledgeTerm
from agents.services.documents import Entry, store
from analysis.models import SentimentChatModel
from chats.models import ChatModel
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from metrics.services.validating import Verdict, validate
from tenants.models import Membership, SystemConfig, TenantModel, User, WorkItem
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db


def verdict(name: str, tenant: TenantModel | None = None, *, fix: bool = False) -> Verdict:
    """Return what a validator says of a tenant, or of the installation."""
    if tenant is None:
        (found,) = validate([name], fix=fix)
    else:
        with tenant_scope(tenant):
            (found,) = validate([name], fix=fix)
    assert found.error == ""
    return found


def sql(statement: str, *values: Any) -> None:
    """Change rows behind everybody's back, in the scope."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_a_setting_that_cannot_be_is_told_by_its_tenants_name(tenant: TenantModel) -> None:
    assert verdict("tenants.settings").found == 0
    TenantModel.objects.filter(pk=tenant.pk).update(settings={"message_retention_days": -4}, timezone="Mars/Olympus")
    assert verdict("tenants.settings").rows == ["acme"]
    assert verdict("tenants.zones").rows == ["acme"]


def test_a_tenant_without_an_owner_is_told(tenant: TenantModel, neighbour: TenantModel, owner: User) -> None:
    assert verdict("tenants.owners").rows == ["neighbour"]
    with in_tenant(tenant):
        Membership.objects.update(role="viewer")
    assert verdict("tenants.owners").rows == ["acme", "neighbour"]


def test_a_system_setting_that_does_not_fit_is_told(db: None) -> None:
    SystemConfig.objects.create(config_key="maintenance_mode", config_value="perhaps", config_type="boolean")
    assert verdict("tenants.config").rows == ["maintenance_mode"]


def test_work_that_nothing_works_off_is_told(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        WorkItem.objects.create(kind="turn", dedupe_key="a", tenant=tenant, ref_id="1")
        assert verdict("tenants.work").found == 0
        WorkItem.objects.update(kind="juggling")
    assert verdict("tenants.work").found == 1


def test_work_whose_lease_ran_out_long_ago_is_ready_again(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        WorkItem.objects.create(kind="turn", dedupe_key="a", tenant=tenant, ref_id="1")
        sql("UPDATE tenants_workitem SET state = 'leased', lease_token = gen_random_uuid(), lease_until = now()")
    assert verdict("tenants.leases").found == 0
    sql("UPDATE tenants_workitem SET lease_until = now() - interval '2 hours'")
    assert verdict("tenants.leases", fix=True).mended == 1
    assert WorkItem.objects.get().state == "ready"


def test_numbers_that_would_be_given_again_are_passed_by(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        sql("UPDATE chats_chatmodel SET id = id + 30")
        assert verdict("chats.number.chatmodel", tenant, fix=True).mended == 1
        assert verdict("chats.number.chatmodel", tenant).found == 0
        assert create_chat(user_id="person-2", channel="api").pk > ChatModel.objects.get(user_id="person-1").pk


@pytest.fixture
def base(tenant: TenantModel) -> KnowledgeBase:
    """A base with one entry."""
    with in_tenant(tenant):
        made = KnowledgeBase.objects.create(name="shop", language="en")
        store(made, [Entry("Opening hours", "We open at nine in the morning.", "test")])
        return made


def test_a_document_that_lost_its_passages_gets_them_again(tenant: TenantModel, base: KnowledgeBase) -> None:
    with in_tenant(tenant):
        KnowledgeChunk.objects.all().delete()
    assert verdict("agents.passages", tenant, fix=True).mended == 1
    with in_tenant(tenant):
        assert KnowledgeChunk.objects.get().content == "We open at nine in the morning."


def test_miscounted_words_are_counted_anew(tenant: TenantModel, base: KnowledgeBase) -> None:
    assert verdict("agents.words", tenant).found == 0
    with in_tenant(tenant):
        had = dict(KnowledgeTerm.objects.values_list("lexeme", "frequency"))
        sql("UPDATE agents_knowledgestatistics SET chunks = 40")
        sql("UPDATE agents_knowledgeterm SET frequency = 40")
    assert verdict("agents.words", tenant, fix=True).left == 0
    assert verdict("agents.words", tenant).found == 0
    with in_tenant(tenant):
        assert dict(KnowledgeTerm.objects.values_list("lexeme", "frequency")) == had


def test_an_agent_whose_model_is_off_is_told(tenant: TenantModel) -> None:
    model = AIModel.objects.create(name="gone", is_active=False)
    with in_tenant(tenant):
        AgentModel.objects.update(ai_model=model)
        assert verdict("agents.models", tenant).rows == ["aurora"]
        AgentModel.objects.update(fallback_model=AIModel.objects.create(name="there"))
    assert verdict("agents.models", tenant).found == 0


def test_a_mood_is_of_its_messages_conversation(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content="Thanks").message
        other = create_chat(user_id="person-2", channel="api")
        SentimentChatModel.objects.create(
            message=message, chat=other, sentiment="positive", score=1, confidence=1, analyzer="test",
            timestamp=message.timestamp,
        )  # fmt: skip
    assert verdict("analysis.moods", tenant, fix=True).mended == 1
    with in_tenant(tenant):
        assert SentimentChatModel.objects.get().chat_id == chat.pk
