"""Queries that are made once give what they give when they are made each time."""

from threading import Thread

import pytest
from django.db import connection, transaction

from chats.models import ChatModel, ContentChatModel
from chats.services.messages import post_message
from chats.services.reading import latest_messages, message_with_chat
from tenants.models import TenantModel
from tenants.scope import NoTenantScopeError, in_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_rows_are_those_of_the_query_with_what_belongs_to_them(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        messages = [post_message(chat_id=chat.chat_id, content=f"number {n}").message for n in range(3)]
        read = message_with_chat(messages[1].pk)
        asked = ContentChatModel.objects.select_related("chat__agent", "chat__tenant").get(pk=messages[1].pk)
        assert read is not None
        assert {f.attname: getattr(read, f.attname) for f in asked._meta.fields} == {
            f.attname: getattr(asked, f.attname) for f in asked._meta.fields
        }
        assert (read.chat, read.chat.agent, read.chat.tenant) == (asked.chat, asked.chat.agent, asked.chat.tenant)
        assert [each.sequence for each in latest_messages(chat.pk)] == [3, 2, 1]
        assert message_with_chat(messages[2].pk + 1) is None


def test_each_run_is_in_its_own_tenants_scope(tenant: TenantModel, neighbour: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message_id = post_message(chat_id=chat.chat_id, content="mine").message.pk
        assert message_with_chat(message_id) is not None
    with in_tenant(neighbour):
        assert message_with_chat(message_id) is None
    with in_tenant(tenant):
        assert message_with_chat(message_id) is not None
    with pytest.raises(NoTenantScopeError):
        message_with_chat(message_id)


def test_each_thread_reads_by_its_own_connection(tenant: TenantModel, chat: ChatModel) -> None:
    found: list[bool] = []

    def read() -> None:
        try:
            with in_tenant(tenant), transaction.atomic():
                found.append(message_with_chat(message_id) is not None)
        finally:
            connection.close()

    with in_tenant(tenant):
        message_id = post_message(chat_id=chat.chat_id, content="hello").message.pk
    thread = Thread(target=read)
    thread.start()
    thread.join()
    read()
    assert found == [True, True]
