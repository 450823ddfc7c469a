"""import_data brings back what export_data wrote: into an empty tenant, a full one, twice, and never elsewhere."""

import io
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase
from agents.services.documents import Entry, store
from analysis.models import Intent
from analysis.services.bulk import analyze_chat
from analysis.services.summaries import keep, transcript_of, write_extract
from analysis.tests.test_export import export, of_kind, records, told_of
from chats.models import ChatModel, Contact, ContentChatModel, ContextCache, MediaContentModel, Thread
from chats.services.erasing_now import erase_now
from chats.services.lifecycle import create_chat
from chats.services.media import post_media
from chats.services.messages import post_message
from chats.tests.test_media import file, own_folder, picture  # noqa: F401
from chats.tests.test_sealed_messages import CARD, content_of, set_policy
from tenants.models import Membership, Role, TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tests.support.cast import make_tenant, member
from tests.support.database import others_end, owner_connection

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])
GONE = (
    "analysis_sentimentchatmodel", "analysis_messageintent", "analysis_conversationanalytics",
    "analysis_conversationsummary", "chats_mediacontentmodel", "chats_contentchatmodel", "chats_chatmodel",
    "chats_messagebuffer", "chats_thread", "chats_contextcache", "chats_contactstate", "chats_contact", "chats_channel",
    "analysis_intent", "agents_agentknowledgebase", "agents_knowledgechunk", "agents_knowledgeterm",
    "agents_knowledgestatistics", "agents_knowledgedocument", "agents_knowledgebase", "agents_agentmodel",
)  # fmt: skip


def bring(path: Path, tenant: str, *words: str) -> dict[str, Any]:
    """Run import_data and return what it tells."""
    out = io.StringIO()
    options = {"tenant": tenant, "json": True, "no_progress": True}
    call_command("import_data", str(path), *words, stdout=out, stderr=io.StringIO(), **options)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def full_tenant(name: str = "acme") -> TenantModel:
    """Return a tenant with rows of every kind that leaves."""
    tenant = make_tenant(name)
    set_policy(tenant, "sensitive")
    staff = member(tenant, Role.AGENT)
    with in_tenant(tenant):
        base = KnowledgeBase.objects.create(name="general", language="en")
        store(base, [Entry(f"Question {number}?", f"Answer {number}.", "faq.csv", "en") for number in range(3)])
        agent = AgentModel.objects.get()
        AgentKnowledgeBase.objects.create(agent=agent, knowledge_base=base)
        Intent.objects.create(name="order", examples=["where is my order"])
        contact = Contact.objects.create(channel="whatsapp", external_id="573001234567", name="Ana", labels=["vip"])
        told_of(contact)
        chat = create_chat(user_id=contact.external_id, channel="whatsapp", contact=contact)
        asked = post_message(chat_id=chat.chat_id, content=CARD, client_message_id="c1").message
        post_message(
            chat_id=chat.chat_id, content="All right.", sender="agent", in_response_to_id=asked.pk, is_automatic=True,
            tokens_used=7, metadata={"citations": [{"title": "¿Qué?"}]}, covers=asked.sequence,
        )  # fmt: skip
        post_message(chat_id=chat.chat_id, content="I am here", sender="staff", author=staff)
    with tenant_scope(tenant):
        analyze_chat(chat)
    with in_tenant(tenant):
        transcript = transcript_of(chat)
        keep(transcript, write_extract(transcript))
    return tenant


def empty(tenant: TenantModel) -> None:
    """Remove what leaves by an export, as if the tenant had never been here."""
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        for table in GONE:
            owner.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant.pk])


def exported(folder: Path, tenant: str) -> list[dict[str, Any]]:
    """Return a tenant's records without header, trailer and audit log."""
    return [record for record in records(export(folder, tenant=tenant, type="all"))[1:-1]
            if record["kind"] != "audit_entry"]  # fmt: skip


@pytest.mark.parametrize("format_name", ["jsonl", "json"])
def test_what_comes_into_an_empty_tenant_leaves_it_as_it_came(tmp_path: Path, format_name: str) -> None:
    acme = full_tenant()
    path = export(tmp_path / "file", type="all", format=format_name)
    before = exported(tmp_path / "before", "acme")
    empty(acme)
    other = TenantModel.objects.create(name="other")
    with in_tenant(other):
        Membership.objects.create(user=User.objects.get(email="agent@acme.example"), role=Role.AGENT)
    told = bring(path, "other")
    assert (told["bad"], told["skipped"], told["unlinked"]) == (0, {}, {})
    assert exported(tmp_path / "after", "other") == before
    with in_tenant(other):
        card = ContentChatModel.objects.order_by("pk")[0]
        assert card.content == CARD
        assert CARD not in content_of(card)
        assert ContextCache.objects.get().is_encrypted
        chat = ChatModel.objects.get()
        assert (chat.message_count, chat.last_sequence, chat.total_tokens) == (3, 3, 7)
        assert post_message(chat_id=chat.chat_id, content="Next").message.sequence == 4


def test_the_bytes_of_files_come_with_their_messages(tmp_path: Path) -> None:
    acme, data = full_tenant(), picture("PNG")
    with in_tenant(acme):
        post_media(chat_id=ChatModel.objects.get().chat_id, files=[file(data, "leaf.png")])
    path = export(tmp_path, type="all")
    before = exported(tmp_path / "before", "acme")
    empty(acme)
    other = TenantModel.objects.create(name="other")
    assert bring(path, "other")["bad"] == 0
    with in_tenant(other):
        stored = MediaContentModel.objects.get()
    assert default_storage.open(stored.media.name).read() == data
    changes = ("media", "thumbnail", "thumbnail_data", "author", "corrected_by", "assigned_to")
    for one, two in zip(exported(tmp_path / "after", "other"), before, strict=True):
        assert {**one, **dict.fromkeys(changes)} == {**two, **dict.fromkeys(changes)}


def test_a_file_that_was_changed_on_the_way_is_refused(tmp_path: Path) -> None:
    acme = full_tenant()
    with in_tenant(acme):
        post_media(chat_id=ChatModel.objects.get().chat_id, files=[file(picture("PNG"), "leaf.png")])
    path = export(tmp_path, type="chats")
    other = TenantModel.objects.create(name="other")
    whole = path.read_text("utf-8")
    page = b64encode(b"<html><script>alert(1)</script>").decode()
    for changes in ({"data": page}, {"data": ""}, {"mime_type": "text/html"}, {"size": 1}, {"thumbnail_data": page}):
        path.write_text(whole, "utf-8")
        spoiled(path, "file", **changes)
        with pytest.raises(CommandError, match="Nothing was stored"):
            bring(path, "other")
    with in_tenant(other):
        assert (ChatModel.objects.count(), MediaContentModel.objects.count()) == (0, 0)


def test_beside_the_tenant_that_it_left_it_gets_ids_of_its_own_and_twice_adds_nothing(tmp_path: Path) -> None:
    acme = full_tenant()
    path = export(tmp_path, type="all")
    before = exported(tmp_path / "before", "acme")
    other = TenantModel.objects.create(name="other")
    first, second = bring(path, "other"), bring(path, "other")
    assert first["bad"] == 0
    assert first["created"]["message"] == 3
    assert (second["created"], second["updated"]) == ({}, {})
    assert exported(tmp_path / "again", "acme") == before
    with in_tenant(other):
        there = ChatModel.objects.get()
        assert [message.content for message in there.contents.all()] == [CARD, "All right.", "I am here"]
    with in_tenant(acme):
        assert ChatModel.objects.get().chat_id != there.chat_id


@pytest.mark.parametrize("words", [[], ["--conflict=update"]], ids=["skip", "update"])
def test_a_tenant_keeps_its_own_default_agent(tmp_path: Path, words: list[str]) -> None:
    acme = full_tenant()
    with in_tenant(acme):
        AgentModel.objects.create(name="Second")
    path = export(tmp_path, type="agents")
    other = TenantModel.objects.create(name="other")
    with in_tenant(other):
        AgentModel.objects.create(name="Second", is_default=True)
    assert bring(path, "other", *words)["left_out"] == {"agent_base": 1}  # the base is not in the file
    with in_tenant(other):
        assert [agent.slug for agent in AgentModel.objects.filter(is_default=True)] == ["second"]
        assert AgentModel.objects.count() == 2


def test_a_contacts_own_active_thread_stays_the_one(tmp_path: Path) -> None:
    full_tenant()
    path = export(tmp_path, type="contacts")
    other = TenantModel.objects.create(name="other")
    with in_tenant(other):
        contact = Contact.objects.create(channel="whatsapp", external_id="573001234567")
        Thread.objects.create(contact=contact, external_thread_id="own")
    assert bring(path, "other")["bad"] == 0
    with in_tenant(other):
        assert dict(contact.threads.values_list("external_thread_id", "is_active")) == {
            "own": True, "thread-573001234567": False,
        }  # fmt: skip


def test_an_update_brings_rows_up_to_date_and_a_skip_leaves_them(tmp_path: Path) -> None:
    acme = full_tenant()
    path = export(tmp_path, type="all")
    with in_tenant(acme):
        Contact.objects.filter(channel="whatsapp").update(name="Changed")
    bring(path, "acme")
    with in_tenant(acme):
        assert Contact.objects.get(channel="whatsapp").name == "Changed"
    told = bring(path, "acme", "--conflict=update")
    with in_tenant(acme):
        assert Contact.objects.get(channel="whatsapp").name == "Ana"
        assert ChatModel.objects.get().message_count == 3
    assert (told["created"], told["updated"]["message"]) == ({}, 3)


def test_a_conflict_can_fail_before_anything_changes(tmp_path: Path) -> None:
    acme = full_tenant()
    path = export(tmp_path, type="all")
    with in_tenant(acme):
        ContentChatModel.objects.filter(sequence=3).delete()
    with pytest.raises(CommandError, match="has some of these rows"):
        bring(path, "acme", "--conflict=fail")
    with in_tenant(acme):
        assert ContentChatModel.objects.count() == 2
    bring(path, "acme")
    with in_tenant(acme):
        assert ContentChatModel.objects.count() == 3


def test_a_dry_run_counts_and_changes_nothing(tmp_path: Path) -> None:
    full_tenant()
    path = export(tmp_path, type="all")
    other = TenantModel.objects.create(name="other")
    told = bring(path, "other", "--dry-run")
    assert (told["created"]["message"], told["created"]["chat"], told["updated"]) == (3, 1, {"tenant": 1})
    with in_tenant(other):
        assert Contact.objects.count() == 0


def spoiled(path: Path, kind: str, **changes: Any) -> int:
    """Change the first record of a kind in a file and return its line; with `line=…` in its place."""
    lines = path.read_text("utf-8").splitlines()
    place = next(place for place, line in enumerate(lines) if json.loads(line)["kind"] == kind)
    lines[place] = changes.get("line") or json.dumps({**json.loads(lines[place]), **changes})
    path.write_text("\n".join(lines), "utf-8")
    return place + 1


BAD: list[dict[str, Any]] = [
    {"sender": "robot"}, {"sequence": "one"}, {"sequence": 10**30}, {"content": None}, {"content": "\x00"},
    {"content": "\ud800"}, {"content": 5}, {"tenant_id": "x"}, {"chat": None}, {"chat": "no id"},
    {"chat": {"a": 1}}, {"chat": "01a1ff93-e00a-7e05-bd30-1c80cd1e1f0d"}, {"timestamp": "yesterday"},
    {"is_automatic": "perhaps"}, {"unreadable": ["content"]}, {"line": "{"}, {"line": "[1]"},
    {"line": '{"kind": "planet"}'}, {"in_response_to": [1]}, {"client_message_id": "x" * 65},
]  # fmt: skip


def test_a_bad_record_is_told_by_its_line_and_the_others_are_stored(tmp_path: Path) -> None:
    full_tenant()
    path = export(tmp_path, type="chats")
    other = TenantModel.objects.create(name="other")
    whole = path.read_text("utf-8")
    for changes in BAD:
        path.write_text(whole, "utf-8")
        line = spoiled(path, "message", **changes)
        out = io.StringIO()
        with pytest.raises(CommandError, match="could not be stored"):
            call_command(
                "import_data", str(path), tenant="other", level="lenient", json=True, no_progress=True, stdout=out
            )
        assert line in [problem["line"] for problem in json.loads(out.getvalue())["problems"]], changes
        with in_tenant(other):
            assert sorted(ContentChatModel.objects.values_list("sequence", flat=True)) == [2, 3], changes
            assert ChatModel.objects.get().message_count == 2


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("sentiment", {"sentiment": "sad"}),
        ("sentiment", {"sequence": 99}),
        ("message", {"chat": "01a1ff93-e00a-7e05-bd30-1c80cd1e1f0d"}),
        ("message", {"sequence": 2}),
    ],
    ids=str,
)
def test_strict_stores_nothing_of_a_file_with_a_bad_record(tmp_path: Path, kind: str, changes: dict[str, Any]) -> None:
    full_tenant()
    path = export(tmp_path, type="all")
    spoiled(path, kind, **changes)
    other = TenantModel.objects.create(name="other")
    with pytest.raises(CommandError, match="Nothing was stored"):
        bring(path, "other")
    with in_tenant(other):
        assert Contact.objects.count() == 0


def test_a_file_that_is_cut_off_or_not_ours_is_refused(tmp_path: Path) -> None:
    full_tenant()
    TenantModel.objects.create(name="other")
    path = export(tmp_path, type="all")
    lines = path.read_text("utf-8").splitlines()
    for text in ("\n".join(lines[:-1]), "\n".join([*lines[:5], *lines[6:]]), "hello", "", "[1, 2", "[" * 100_000,
                 "\n".join(lines).replace('"version":1', '"version":9')):  # fmt: skip
        path.write_text(text, "utf-8")
        with pytest.raises(CommandError):
            bring(path, "other")


def test_people_of_another_tenant_are_nobody_here(tmp_path: Path) -> None:
    full_tenant()
    path = export(tmp_path, type="all")
    TenantModel.objects.create(name="other")
    told = bring(path, "other")
    assert told["unlinked"]["message"] == 1


def test_who_was_erased_stays_erased(tmp_path: Path) -> None:
    acme = full_tenant()
    path = export(tmp_path, type="all")
    with in_tenant(acme):
        contact = Contact.objects.get(channel="whatsapp")
    erase_now(acme, contact.pk)
    bring(path, "acme", "--conflict=update")
    assert_nobody_is_back(acme)
    with in_tenant(acme):
        again = Contact.objects.create(channel="whatsapp", external_id="573001234567", name="Ana again")
        new = create_chat(user_id=again.external_id, channel="whatsapp", contact=again)
        post_message(chat_id=new.chat_id, content="I am a new person")
    bring(path, "acme", "--conflict=update")
    bring(export(tmp_path / "chats", type="chats"), "acme", "--conflict=update")
    with in_tenant(acme):
        assert new.contents.get().content == "I am a new person"
        assert Contact.objects.filter(external_id="573001234567").count() == 1


def test_an_erased_persons_conversation_that_comes_without_its_contact_is_erased(tmp_path: Path) -> None:
    acme = full_tenant()
    path = export(tmp_path, type="chats")
    with in_tenant(acme):
        contact = Contact.objects.get(channel="whatsapp")
    erase_now(acme, contact.pk)
    bring(path, "acme", "--conflict=update")
    assert_nobody_is_back(acme)


def assert_nobody_is_back(tenant: TenantModel) -> None:
    """Look for Ana and what she wrote."""
    with in_tenant(tenant):
        assert not Contact.objects.filter(name="Ana").exists()
        assert not ChatModel.objects.filter(user_id="573001234567").exists()
        assert CARD not in [message.content for message in ContentChatModel.objects.all()]


def test_what_changed_since_the_last_export_can_follow_it(tmp_path: Path) -> None:
    acme = full_tenant()
    others_end()
    first = export(tmp_path / "1", type="all", since_last=True)
    with in_tenant(acme):
        chat = ChatModel.objects.get()
    with in_tenant(acme):
        post_message(chat_id=chat.chat_id, content="One more")
    second = export(tmp_path / "2", type="all", since_last=True)
    assert [row["sequence"] for row in of_kind(second, "message")] == [4]
    other = TenantModel.objects.create(name="other")
    bring(first, "other")
    bring(second, "other", "--conflict=update")
    with in_tenant(other):
        there = ChatModel.objects.get()
        assert (there.message_count, there.last_sequence, there.contents.count()) == (4, 4, 4)


def test_people_of_conversations_that_came_without_them_are_made_from_their_ids(tmp_path: Path) -> None:
    acme = full_tenant()
    path = export(tmp_path, type="chats")
    empty(acme)
    other = TenantModel.objects.create(name="other")
    assert bring(path, "other")["unlinked"]["chat"] == 3  # its person, its agent and who looked after it
    bring(path, "other")
    with in_tenant(other):
        person = ChatModel.objects.get().contact
        assert person is not None
        assert (person.channel, person.external_id, person.name) == ("whatsapp", "573001234567", "")
        assert Contact.objects.count() == 1
