"""One reply to a burst (decision 8)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from chats.models import ChatModel, MessageBuffer
from chats.services.debouncing import remove_stale
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from chats.services.turns import answer_turn
from chats.tests.test_turns import answering, conversation, said
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talk(tenant: TenantModel) -> ChatModel:
    """A conversation on a channel where people write in pieces."""
    tenant.settings = {"response_debounce": {"whatsapp": 3}}
    tenant.save()
    with in_tenant(tenant):
        return create_chat(user_id="573001234567", channel="whatsapp")


def write(tenant: TenantModel, chat: ChatModel, text: str) -> int:
    """Post a piece; return its message's id."""
    with in_tenant(tenant):
        return int(post_message(chat_id=chat.chat_id, content=text).message.pk)


def let_time_pass(tenant: TenantModel, seconds: float) -> None:
    """Move everything that waits into the past."""
    passed = timedelta(seconds=seconds)
    with in_tenant(tenant):
        WorkItem.objects.update(run_after=F("run_after") - passed)
        MessageBuffer.objects.update(
            first_message_at=F("first_message_at") - passed, expires_at=F("expires_at") - passed
        )


def test_a_reply_waits_until_the_burst_is_over_and_answers_all_of_it(tenant: TenantModel, talk: ChatModel) -> None:
    first = write(tenant, talk, "hello")
    let_time_pass(tenant, 2)
    second = write(tenant, talk, "what are your hours?")
    with tenant_scope(tenant), answering("Nine to six", said("Nine to six")):
        let_time_pass(tenant, 2)
        answer_turn(first)
        assert [sender for sender, _text in conversation(tenant, talk)] == ["user", "user"]
        let_time_pass(tenant, 2)
        answer_turn(first)
        answer_turn(second)
    assert conversation(tenant, talk)[2:] == [("agent", "Nine to six")]
    with in_tenant(tenant):
        talk.refresh_from_db()
        reply = talk.contents.get(sender="agent")
        assert not MessageBuffer.objects.exists()
    assert (reply.in_response_to_id, talk.answered_sequence) == (second, 2)
    assert set(WorkItem.objects.values_list("state", flat=True)) == {"done"}


def test_the_wait_is_counted_from_the_moment_at_which_a_piece_is_stored(tenant: TenantModel, talk: ChatModel) -> None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")  # a transaction that had to wait for something
        message = post_message(chat_id=talk.chat_id, content="hello").message
        message.refresh_from_db()
    with in_tenant(tenant):
        assert WorkItem.objects.get(kind="turn").run_after >= message.timestamp + timedelta(seconds=3)


def test_twenty_pieces_with_as_much_time_between_them_as_a_burst_may_have_get_one_reply(
    tenant: TenantModel, talk: ChatModel
) -> None:
    pieces = [write(tenant, talk, "first")]
    for _piece in range(19):
        let_time_pass(tenant, seconds=2.5)
        pieces.append(write(tenant, talk, "and another thing"))
    with tenant_scope(tenant), answering("All of it", said("All of it")):
        answer_turn(pieces[0])
        assert conversation(tenant, talk)[-1] == ("user", "and another thing")
        let_time_pass(tenant, seconds=3)
        for piece in pieces:
            answer_turn(piece)
    assert [text for sender, text in conversation(tenant, talk) if sender == "agent"] == ["All of it"]


def test_who_never_stops_is_answered_after_twenty_times_the_debounce(tenant: TenantModel, talk: ChatModel) -> None:
    pieces = []
    for _piece in range(31):
        pieces.append(write(tenant, talk, "and another thing"))
        let_time_pass(tenant, 2)
    with tenant_scope(tenant), answering("Enough", said("Enough")):
        answer_turn(pieces[0])
    assert conversation(tenant, talk)[-1] == ("agent", "Enough")


def test_the_buffer_holds_ids_and_no_words(tenant: TenantModel, talk: ChatModel) -> None:
    first, second = write(tenant, talk, "my secret"), write(tenant, talk, "and more")
    with in_tenant(tenant):
        (buffer,) = MessageBuffer.objects.all()
    assert buffer.messages == [{"message": str(each), "chat": str(talk.chat_id)} for each in (first, second)]


def test_a_new_burst_begins_after_the_one_before(tenant: TenantModel, talk: ChatModel) -> None:
    write(tenant, talk, "first burst")
    let_time_pass(tenant, 10)
    second = write(tenant, talk, "second burst")
    with in_tenant(tenant):
        (buffer,) = MessageBuffer.objects.all()
    assert [held["message"] for held in buffer.messages] == [str(second)]


def test_buffers_that_ended_long_ago_are_removed(tenant: TenantModel, talk: ChatModel) -> None:
    write(tenant, talk, "hello")
    let_time_pass(tenant, 302)
    with in_tenant(tenant):
        assert remove_stale() == 0
    let_time_pass(tenant, 2)
    with in_tenant(tenant):
        assert (remove_stale(), MessageBuffer.objects.count()) == (1, 0)


def test_nothing_waits_and_nothing_is_buffered_on_the_web(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        chat = create_chat(user_id="visitor", channel="web")
    message_id = write(tenant, chat, "hello")
    with tenant_scope(tenant), answering("Hi", said("Hi")):
        answer_turn(message_id)
    assert conversation(tenant, chat)[-1] == ("agent", "Hi")
    with in_tenant(tenant):
        assert not MessageBuffer.objects.exists()
