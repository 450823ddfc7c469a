"""The scope fails closed, in the program and in the database."""

import pytest
from django.db import DatabaseError, connection, transaction

from agents.models import AgentModel
from chats.models import ChatModel
from chats.services.lifecycle import create_chat
from chats.signals.muting import muted_signals
from tenants.db.base import StatementOutsideTransactionError
from tenants.models import TenantModel
from tenants.scope import NoTenantScopeError, all_tenants, current_tenant_id, in_tenant, tenant_scope


def test_without_a_scope_tenant_rows_cannot_be_asked_for(chat: ChatModel) -> None:
    with pytest.raises(NoTenantScopeError):
        ChatModel.objects.count()
    with pytest.raises(NoTenantScopeError):
        current_tenant_id()


def test_without_a_scope_the_database_shows_and_takes_nothing(chat: ChatModel) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM chats_chatmodel")
        assert cursor.fetchone() == (0,)
        cursor.execute("UPDATE chats_chatmodel SET title = 'taken'")
        assert cursor.rowcount == 0


def test_raw_sql_sees_the_scopes_tenant_alone(
    tenant: TenantModel, neighbour: TenantModel, chat: ChatModel, their_chat: ChatModel
) -> None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT chat_id FROM chats_chatmodel")
        assert cursor.fetchall() == [(chat.chat_id,)]


def test_a_row_cannot_be_written_into_a_neighbours_tenant(tenant: TenantModel, neighbour: TenantModel) -> None:
    with in_tenant(tenant), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        AgentModel.objects.create(name="Spy", slug="spy", tenant=neighbour)


@pytest.mark.django_db(transaction=True)
def test_a_row_cannot_point_to_a_neighbours_row(
    tenant: TenantModel, neighbour: TenantModel, their_chat: ChatModel
) -> None:
    with pytest.raises(DatabaseError, match="tenant_fk"), in_tenant(tenant), muted_signals():
        ChatModel.objects.create(user_id="x", agent_id=their_chat.agent_id)


def test_the_scope_follows_changes_and_savepoint_rollbacks(
    tenant: TenantModel, neighbour: TenantModel, chat: ChatModel, their_chat: ChatModel
) -> None:
    with in_tenant(tenant):
        with pytest.raises(RuntimeError, match="undo"), in_tenant(neighbour):
            assert ChatModel.objects.get() == their_chat
            raise RuntimeError("undo")
        assert ChatModel.objects.get() == chat


@pytest.mark.django_db(transaction=True)
def test_the_setting_does_not_reach_the_connections_next_user(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        assert ChatModel.objects.count() == 1
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM chats_chatmodel")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_a_statement_in_a_scope_needs_a_transaction(tenant: TenantModel) -> None:
    with tenant_scope(tenant), pytest.raises(StatementOutsideTransactionError):
        ChatModel.objects.count()


@pytest.mark.django_db(transaction=True, databases=["default", "operations"])
def test_crossing_tenants_is_explicit(tenant: TenantModel, neighbour: TenantModel) -> None:
    for one in (tenant, neighbour):
        with in_tenant(one):
            create_chat(user_id="x")
    with all_tenants():
        assert set(ChatModel.objects.values_list("tenant_id", flat=True)) == {tenant.pk, neighbour.pk}


def test_a_queryset_made_without_a_scope_uses_the_one_in_which_it_runs(tenant: TenantModel, chat: ChatModel) -> None:
    chats = ChatModel.objects.all()
    with in_tenant(tenant):
        assert list(chats) == [chat]
