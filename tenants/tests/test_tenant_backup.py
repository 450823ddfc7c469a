"""One tenant back to where it was, and nobody else touched."""

from pathlib import Path

import pytest

from agents.models import AgentModel
from chats.models import ChatModel, Contact
from chats.services.lifecycle import create_chat
from tenants.backups.errors import BackupError
from tenants.backups.making import make
from tenants.backups.tenant_restore import restore_tenant
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant
from tenants.services.work import enqueue
from tenants.tests.test_restoring import folder, said, say

__all__ = ["folder"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


@pytest.fixture
def theirs(neighbour: TenantModel, folder: Path) -> ChatModel:
    """A conversation of the neighbour."""
    with in_tenant(neighbour):
        chat = create_chat(user_id="n", channel="web")
    say(chat, "hello")
    return chat


def test_a_tenant_is_back_and_its_neighbour_went_on(
    chat: ChatModel, tenant: TenantModel, theirs: ChatModel, neighbour: TenantModel
) -> None:
    say(chat, "uno", "dos")
    made = make(kind="database", tenant=tenant)
    say(chat, "tres")
    say(theirs, "later")
    restore_tenant(made.path, tenant.name)
    assert said(tenant) == ["uno", "dos"]
    assert said(neighbour) == ["hello", "later"]


def test_counters_and_links_are_as_they_were(chat: ChatModel, tenant: TenantModel, folder: Path) -> None:
    say(chat, "uno", "dos")
    with in_tenant(tenant):
        before = ChatModel.objects.values().get(pk=chat.pk)
        made = make(kind="database", tenant=tenant)
    restore_tenant(made.path, tenant.name)
    with in_tenant(tenant):
        assert ChatModel.objects.values().get(pk=chat.pk) == before


def test_a_tenant_comes_out_of_a_backup_of_everything(chat: ChatModel, tenant: TenantModel, theirs: ChatModel) -> None:
    say(chat, "uno")
    made = make(kind="database")
    with in_tenant(tenant):
        AgentModel.objects.update(description="changed")
    restore_tenant(made.path, tenant.name)
    with in_tenant(tenant):
        assert AgentModel.objects.get().description == ""


def test_a_tenants_outgoing_work_is_held(
    chat: ChatModel, tenant: TenantModel, neighbour: TenantModel, folder: Path
) -> None:
    for one in (tenant, neighbour):
        with in_tenant(one):
            enqueue(kind="turn", dedupe_key=f"turn:{one.pk}", tenant_id=one.pk, ref_id="1")
    restore_tenant(make(kind="database", tenant=tenant).path, tenant.name)
    states = dict(WorkItem.objects.filter(kind="turn").values_list("tenant_id", "state"))
    assert states == {tenant.pk: "held", neighbour.pk: "ready"}


def test_a_backup_of_another_tenant_is_refused(
    chat: ChatModel, tenant: TenantModel, neighbour: TenantModel, folder: Path
) -> None:
    made = make(kind="database", tenant=neighbour)
    with pytest.raises(BackupError, match="neighbour"):
        restore_tenant(made.path, tenant.name)


def test_a_tenants_backup_names_nobody_elses_rows(chat: ChatModel, tenant: TenantModel, theirs: ChatModel) -> None:
    made = make(kind="database", tenant=tenant)
    assert made.manifest.counts["chats_chatmodel"] == 1
    with in_tenant(tenant):
        assert made.manifest.counts["chats_contact"] == Contact.objects.count()
