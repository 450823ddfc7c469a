"""migrate_tenant_data: from one tenant into another, with proof, and nothing lost on the way."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents.models import AgentModel, KnowledgeBase, KnowledgeChunk
from analysis.models import SentimentChatModel
from analysis.tests.test_round_trip import exported, full_tenant
from chats.models import Channel, ChatModel, Contact, ContentChatModel
from chats.tests.test_sealed_messages import CARD, content_of
from tenants.models import TenantModel
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


def migrate(*words: str) -> dict[str, Any]:
    """Run the command from acme to other and return what it tells."""
    out = io.StringIO()
    call_command(
        "migrate_tenant_data", "--from=acme", "--to=other", *words, json=True, no_progress=True, stdout=out,
        stderr=io.StringIO(),
    )  # fmt: skip
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@pytest.fixture
def acme() -> TenantModel:
    """A tenant with rows of every kind, and `other`, which has none."""
    TenantModel.objects.create(name="other")
    return full_tenant()


@pytest.fixture
def other(acme: TenantModel) -> TenantModel:
    """The tenant that gets the rows."""
    return TenantModel.objects.get(name="other")


def test_without_both_names_it_is_called_wrongly(acme: TenantModel) -> None:
    for words in ([], ["--from=acme"], ["--to=other"], ["--from=acme", "--to=acme"]):
        with pytest.raises(CommandError) as refused:
            call_command("migrate_tenant_data", *words, no_progress=True)
        assert refused.value.returncode == 2


def test_a_copy_has_everything_and_leaves_everything(acme: TenantModel, other: TenantModel, tmp_path: Path) -> None:
    before = exported(tmp_path / "before", "acme")
    told = migrate()
    assert (told["missing"], told["bad"], told["left"]) == ({}, [], {})
    assert exported(tmp_path / "after", "acme") == before
    with in_tenant(other):
        assert [message.content for message in ContentChatModel.objects.order_by("pk")] == [
            CARD, "All right.", "I am here",
        ]  # fmt: skip
        assert CARD not in content_of(ContentChatModel.objects.order_by("pk")[0])
        assert KnowledgeChunk.objects.count() == 3
        assert SentimentChatModel.objects.count() == 1
        assert TenantModel.objects.get(pk=other.pk).settings == acme.settings


def test_a_copy_again_adds_nothing(acme: TenantModel, other: TenantModel) -> None:
    migrate()
    again = migrate()
    assert (again["created"], again["missing"]) == ({}, {})


def test_a_move_keeps_the_conversations_ids_and_leaves_only_the_channels(acme: TenantModel, other: TenantModel) -> None:
    with in_tenant(acme):
        chat_id = ChatModel.objects.get().chat_id
    told = migrate("--move")
    assert (told["missing"], told["left"]) == ({}, {"channel": 1})
    with in_tenant(other):
        chat = ChatModel.objects.get()
        assert (chat.chat_id, chat.message_count, chat.last_sequence) == (chat_id, 3, 3)
        assert chat.agent is not None
        assert chat.contact is not None
        assert chat.contents.get(sequence=2).in_response_to == chat.contents.get(sequence=1)
    with in_tenant(acme):
        assert (ContentChatModel.objects.count(), Contact.objects.count(), AgentModel.objects.count()) == (0, 0, 0)
        assert Channel.objects.count() == 1


def test_a_move_of_agents_leaves_those_that_conversations_still_have(acme: TenantModel, other: TenantModel) -> None:
    told = migrate("--move", "--type=agents")
    assert told["left"]["agent"] == 1
    with in_tenant(acme):
        assert ChatModel.objects.get().agent is not None


def test_a_move_stops_before_it_would_lose_a_row(acme: TenantModel, other: TenantModel) -> None:
    with in_tenant(other):
        AgentModel.objects.create(name="Aurora", description="another one")
    with pytest.raises(CommandError, match="agent aurora: the target has another one"):
        migrate("--move")
    with in_tenant(other):
        assert (KnowledgeBase.objects.count(), ChatModel.objects.count()) == (0, 0)
    with in_tenant(acme):
        assert ChatModel.objects.count() == 1


def test_a_move_goes_on_past_rows_that_say_the_same_over_there(acme: TenantModel, other: TenantModel) -> None:
    migrate("--type=knowledge")
    migrate("--type=agents")
    told = migrate("--move")
    assert (told["missing"], told["skipped"]["agent"], told["left"]) == ({}, 1, {"channel": 1})
    with in_tenant(acme):
        assert (KnowledgeBase.objects.count(), AgentModel.objects.count()) == (0, 0)


def test_a_type_alone_takes_nothing_else(acme: TenantModel, other: TenantModel) -> None:
    migrate("--type=knowledge")
    with in_tenant(other):
        assert (KnowledgeBase.objects.count(), AgentModel.objects.count(), ChatModel.objects.count()) == (1, 0, 0)


def test_a_dry_run_tells_what_would_be_new_and_changes_nothing(acme: TenantModel, other: TenantModel) -> None:
    told = migrate("--dry-run", "--move")
    assert (told["created"]["message"], told["created"]["document"]) == (3, 3)
    with in_tenant(other):
        assert KnowledgeBase.objects.count() == 0


@pytest.mark.timeout(60, method="thread")
def test_a_file_that_cannot_be_read_ends_the_copy(
    acme: TenantModel, other: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(kind: Any, text: str) -> dict[str, Any]:
        raise OSError("Input/output error")

    monkeypatch.setattr("tenants.portable.reading.dressed", unreadable)
    with pytest.raises(OSError, match="Input/output"):
        migrate("--type=chats")
    with in_tenant(other):
        assert not ChatModel.objects.exists()
