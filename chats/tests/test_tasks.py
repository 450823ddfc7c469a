"""Which task gives the reply: the one at hand where nobody outside is asked, one of its own where that takes long."""

from unittest.mock import patch

import pytest

from agents.lifecycle import ensure_default_model
from agents.models import AgentModel, AIModel
from agents.replies import Reply
from agents.services.configuration import forget_configurations
from chats.models import ChatModel
from chats.services.gathering import gathered
from chats.services.messages import post_message
from chats.tasks import process_new_message
from chats.tests.test_turns import said
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)


def ask(tenant: TenantModel, chat: ChatModel) -> int:
    """Let the person greet; return the message's id."""
    with patch("chats.signals.content_chat_emit.process_new_message"), in_tenant(tenant):
        return int(post_message(chat_id=chat.chat_id, content="Hello!").message.pk)


def process(tenant: TenantModel, message_id: int) -> list[int]:
    """Run the task of a new message; return the messages for whose replies it rang."""
    with patch("chats.tasks.generate_auto_response.delay") as ring, tenant_scope(tenant):
        process_new_message.run(message_id)
    return [call.args[0] for call in ring.call_args_list]


def agents_replies(tenant: TenantModel, chat: ChatModel) -> int:
    """Return how many replies the chat has."""
    with in_tenant(tenant):
        return int(chat.contents.filter(is_automatic=True).count())


def test_the_built_in_agent_answers_in_the_same_task(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        ensure_default_model(tenant)
    assert process(tenant, ask(tenant, chat)) == []
    assert agents_replies(tenant, chat) == 1


def test_an_agent_that_asks_a_model_outside_gets_a_task_of_its_own(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        model = AIModel.objects.create(name="theirs", provider="openai_compatible", base_url="http://127.0.0.1:9")
        AgentModel.objects.filter(pk=chat.agent_id).update(ai_model=model)
    forget_configurations()
    message_id = ask(tenant, chat)
    assert process(tenant, message_id) == [message_id]
    assert agents_replies(tenant, chat) == 0


def test_an_agent_whose_model_is_gone_fails_in_its_turn_where_it_is_counted(
    tenant: TenantModel, chat: ChatModel
) -> None:
    assert process(tenant, ask(tenant, chat)) == []
    assert WorkItem.objects.get(kind="turn").attempts == 1


def test_pieces_come_together_once_in_a_while_the_first_at_once_and_the_reply_at_its_end() -> None:
    reply = said("a b c d")
    parts: list[str | Reply] = ["a ", "b ", "c ", "d", reply]
    assert list(gathered(iter(parts), seconds=60)) == ["a ", reply]
    assert list(gathered(iter([*parts[:2], reply]), seconds=0)) == ["a ", "b ", reply]
