"""Each thing that may be wrong with stored conversations: broken on purpose, found, and mended where it can be."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from chats.models import ChatModel, Contact, ContentChatModel
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from chats.tests.test_sealed_messages import set_policy
from chats.validators import CONTENT, INTEGRITY
from metrics.services.validating import Verdict, validate
from metrics.validators import VALIDATORS
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db
SAID = "chats_contentchatmodel"
KEPT = "chats_chatmodel"
# What breaks the cast's conversation of five messages, each of five tokens, by the validator that finds it.
MENDED = {
    "chats.holes": f"DELETE FROM {SAID} WHERE sequence = 2",
    "chats.counters": f"UPDATE {KEPT} SET message_count = 40, total_tokens = 7",
    "chats.empty": f"DELETE FROM {SAID}; UPDATE {KEPT} SET last_activity = now() - interval '2 days',"
    " created_at = now() - interval '2 days'",
    "chats.person": f"UPDATE {KEPT} SET contact_id = NULL",
    "chats.archived_at": f"UPDATE {KEPT} SET status = 'archived', is_active = false, archived_at = NULL",
    "chats.marks": f"UPDATE {SAID} SET encryption_key_id = 'wrong' WHERE sequence = 3",
}
LEFT = {
    "chats.blank": f"UPDATE {SAID} SET content = '' WHERE sequence = 3",
    "chats.too_long": f"UPDATE {SAID} SET content = repeat('x', 10001) WHERE sequence = 3",
}


@pytest.fixture
def talk(tenant: TenantModel, chat: ChatModel) -> ChatModel:
    """A conversation of five messages that ended hours ago."""
    with in_tenant(tenant):
        for number in range(1, 6):
            post_message(chat_id=chat.chat_id, content=f"Message {number}", tokens_used=5)
    do(tenant, "UPDATE tenants_workitem SET state = 'done'")
    do(tenant, f"UPDATE {KEPT} SET last_activity = now() - interval '3 hours', answered_sequence = 5")
    return chat


def do(tenant: TenantModel, statements: str) -> None:
    """Change rows of a tenant behind everybody's back."""
    with in_tenant(tenant), connection.cursor() as cursor:
        for statement in statements.split(";"):
            cursor.execute(statement)


def verdict(tenant: TenantModel, name: str, *, fix: bool = False) -> Verdict:
    """Return what a validator says of a tenant."""
    with tenant_scope(tenant):
        (found,) = validate([name], fix=fix)
    assert found.error == ""
    return found


def run(command: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit status and its answer."""
    out, status = io.StringIO(), 0
    try:
        call_command(command, json=True, no_progress=True, stdout=out, **options)
    except CommandError as error:
        status = error.returncode
    return status, json.loads(out.getvalue())


def test_nothing_is_found_where_nothing_is_wrong(tenant: TenantModel, talk: ChatModel) -> None:
    with tenant_scope(tenant):
        assert [each for each in validate([*INTEGRITY, *CONTENT]) if not each.is_well or each.found] == []


@pytest.mark.parametrize("name", MENDED)
def test_what_is_broken_is_found_left_alone_then_mended(tenant: TenantModel, talk: ChatModel, name: str) -> None:
    do(tenant, MENDED[name])
    assert (verdict(tenant, name).found, verdict(tenant, name).left) == (1, 1)
    assert verdict(tenant, name, fix=True).left == 0
    assert verdict(tenant, name).found == 0


@pytest.mark.parametrize("name", LEFT)
def test_what_no_program_can_mend_is_told_with_its_rows(tenant: TenantModel, talk: ChatModel, name: str) -> None:
    do(tenant, LEFT[name])
    found = verdict(tenant, name, fix=True)
    assert (found.found, found.left, len(found.rows)) == (1, 1, 1)


def test_a_hole_is_closed_and_every_message_stays(tenant: TenantModel, talk: ChatModel) -> None:
    set_policy(tenant, "all")
    with in_tenant(tenant):
        post_message(chat_id=talk.chat_id, content="A sealed one")
    do(tenant, "UPDATE tenants_workitem SET state = 'done'")
    do(tenant, f"DELETE FROM {SAID} WHERE sequence = 2; UPDATE {KEPT} SET last_activity = now() - interval '2 hours'")
    assert verdict(tenant, "chats.holes", fix=True).left == 0
    with in_tenant(tenant):
        rows = list(ContentChatModel.objects.order_by("sequence"))
        chat = ChatModel.objects.get()
    assert [(row.sequence, row.content) for row in rows] == [
        (1, "Message 1"), (2, "Message 3"), (3, "Message 4"), (4, "Message 5"), (5, "A sealed one"),
    ]  # fmt: skip
    assert (chat.last_sequence, chat.message_count, chat.answered_sequence) == (5, 5, 4)
    with in_tenant(tenant):
        assert post_message(chat_id=talk.chat_id, content="And on").message.sequence == 6


@pytest.mark.parametrize("happens", ["last_activity = now()", "work"])
def test_a_conversation_in_which_something_happens_is_not_numbered_anew(
    tenant: TenantModel, talk: ChatModel, happens: str
) -> None:
    do(tenant, MENDED["chats.holes"])
    do(
        tenant,
        f"UPDATE {KEPT} SET last_activity = now()"
        if happens != "work"
        else "UPDATE tenants_workitem SET state = 'ready'",
    )
    assert verdict(tenant, "chats.holes", fix=True).left == 1


def test_a_number_that_could_not_be_given_again_is_mended(tenant: TenantModel, talk: ChatModel) -> None:
    do(tenant, f"UPDATE {KEPT} SET last_sequence = 2, message_count = 2, answered_sequence = 2")
    assert verdict(tenant, "chats.counters", fix=True).left == 0
    with in_tenant(tenant):
        assert post_message(chat_id=talk.chat_id, content="Next").message.sequence == 6


def test_an_answer_to_another_conversations_message_answers_nothing(tenant: TenantModel, talk: ChatModel) -> None:
    with in_tenant(tenant):
        other = create_chat(user_id="person-2", channel="api")
        theirs = post_message(chat_id=other.chat_id, content="Elsewhere").message
    do(tenant, f"UPDATE {SAID} SET in_response_to_id = {theirs.pk} WHERE content = 'Message 3'")
    assert verdict(tenant, "chats.answers", fix=True).mended == 1
    with in_tenant(tenant):
        assert ContentChatModel.objects.get(content="Message 3").in_response_to_id is None


def test_a_person_is_found_again_by_its_id(tenant: TenantModel, talk: ChatModel) -> None:
    do(tenant, MENDED["chats.person"])
    verdict(tenant, "chats.person", fix=True)
    with in_tenant(tenant):
        assert ChatModel.objects.get().contact == Contact.objects.get(external_id="person-1")


@pytest.fixture
def sealed(tenant: TenantModel, chat: ChatModel) -> ContentChatModel:
    """A sealed message."""
    set_policy(tenant, "all")
    with in_tenant(tenant):
        return post_message(chat_id=chat.chat_id, content="My tooth hurts").message


def test_a_sealed_message_that_does_not_open_is_told(tenant: TenantModel, sealed: ContentChatModel) -> None:
    do(tenant, f"UPDATE {SAID} SET content = left(content, -9) || 'AAAAAAAA='")
    assert verdict(tenant, "chats.unreadable", fix=True).rows == [str(sealed.pk)]


def test_a_title_that_does_not_open_is_told(tenant: TenantModel, sealed: ContentChatModel) -> None:
    do(tenant, f"UPDATE {KEPT} SET title = left(title, -9) || 'AAAAAAAA='")
    assert verdict(tenant, "chats.unreadable_titles").left == 1


def test_a_wrong_key_beside_a_sealed_message_is_set_right(tenant: TenantModel, sealed: ContentChatModel) -> None:
    do(tenant, f"UPDATE {SAID} SET encryption_key_id = 'wrong'")
    assert verdict(tenant, "chats.marks", fix=True).left == 0
    with in_tenant(tenant):
        assert ContentChatModel.objects.get().encryption_key_id == sealed.encryption_key_id


def test_a_sealed_message_that_is_marked_as_clear_is_read_again(tenant: TenantModel, sealed: ContentChatModel) -> None:
    do(tenant, f"UPDATE {SAID} SET is_encrypted = false")
    assert verdict(tenant, "chats.marks", fix=True).left == 0
    with in_tenant(tenant):
        row = ContentChatModel.objects.get()
        assert (row.content, row.is_encrypted) == ("My tooth hurts", True)
        assert row.word_keys


def test_a_text_that_only_looks_sealed_is_left_as_it_was_written(tenant: TenantModel, chat: ChatModel) -> None:
    set_policy(tenant, "off")
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="c1.is.a-name")
    assert verdict(tenant, "chats.marks").found == 0


def test_a_clear_text_that_is_marked_as_sealed_is_sealed(tenant: TenantModel, talk: ChatModel) -> None:
    set_policy(tenant, "all")
    do(tenant, f"UPDATE {SAID} SET is_encrypted = true WHERE sequence = 1")
    assert verdict(tenant, "chats.marks", fix=True).left == 0
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT content, is_encrypted FROM {SAID} WHERE sequence = 1")
        content, is_sealed = cursor.fetchone()
        assert (content[:3], is_sealed) == ("c1.", True)
        assert ContentChatModel.objects.get(sequence=1).content == "Message 1"


def test_a_sealed_message_that_the_search_does_not_know_is_indexed(
    tenant: TenantModel, sealed: ContentChatModel
) -> None:
    do(tenant, f"UPDATE {SAID} SET word_keys = NULL")
    assert verdict(tenant, "chats.unindexed", fix=True).left == 0
    with in_tenant(tenant):
        assert ContentChatModel.objects.get().word_keys == sealed.word_keys


@pytest.mark.parametrize(
    ("command", "name"), [("validate_chat_integrity", "chats.counters"), ("validate_chat_content", "chats.marks")]
)
def test_a_command_fails_for_findings_and_is_content_once_they_are_mended(
    tenant: TenantModel, talk: ChatModel, command: str, name: str
) -> None:
    do(tenant, MENDED[name])
    status, told = run(command, tenant=tenant.name)
    assert (status, told["fixed"]) == (1, False)
    assert {each["name"]: each["found"] for each in told["tenants"][tenant.name]}[name] == 1
    assert run(command, tenant=tenant.name, fix_issues=True, dry_run=True)[0] == 1
    assert run(command, tenant=tenant.name, fix_issues=True)[0] == 0
    assert run(command, tenant=tenant.name)[0] == 0


def test_it_says_in_words_which_conversations(tenant: TenantModel, talk: ChatModel) -> None:
    do(tenant, MENDED["chats.counters"])
    out = io.StringIO()
    with pytest.raises(CommandError, match="wrong: 1"):
        call_command("validate_chat_integrity", no_progress=True, stdout=out)
    said = "1 conversations whose counters do not say what they hold; 0 mended, 1 left."
    assert f"chats.counters: {said}\n    {talk.chat_id}" in out.getvalue()


def test_a_neighbours_conversations_are_the_neighbours(
    tenant: TenantModel, neighbour: TenantModel, talk: ChatModel
) -> None:
    do(tenant, MENDED["chats.counters"])
    assert verdict(neighbour, "chats.counters").found == 0


def test_every_validator_of_conversations_is_in_a_command(db: None) -> None:
    own = {name for name in VALIDATORS.entries if name.startswith("chats.") and name.count(".") == 1}
    assert own == {*INTEGRITY, *CONTENT}
