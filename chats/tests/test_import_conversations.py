"""Importing other programs' conversations: who said what and when, once, and no answer to any of it."""

import gzip
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditLog
from chats.models import ChatModel, Contact, ContentChatModel, ErasureLedger
from chats.services.erasure_receipts import identity_of
from chats.tests.import_files import CHATWOOT, CONTACT, TICKET, USER, WHATSAPP, lines, run, write
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import in_tenant
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db


def said(tenant: TenantModel) -> list[tuple[str, str]]:
    with in_tenant(tenant):
        rows = ContentChatModel.objects.order_by("chat_id", "sequence")
        return [(row.sender, row.content) for row in rows]


def test_a_chatwoot_conversation_arrives(tenant: TenantModel, tmp_path: Path) -> None:
    told = run("chatwoot", write(tmp_path, lines(CONTACT, CHATWOOT)))
    assert (told["conversations"], told["contacts"], told["messages"], told["error"]) == (1, 2, 5, "")
    assert said(tenant) == [
        ("user", "My plant is yellow"), ("staff", "Since when?"), ("user", "Since Monday."),
        ("user", "[image https://example.org/leaf.png]"), ("system", "Conversation was marked resolved"),
    ]  # fmt: skip
    with in_tenant(tenant):
        chat = ChatModel.objects.get()
        contact = Contact.objects.get(name="Rosa")
        other = Contact.objects.get(name="Iván")
        second = chat.contents.get(sequence=2)
    assert (contact.channel, contact.external_id) == ("whatsapp", "573001112233")
    assert (other.external_id, other.email) == ("crm-77", "ivan@example.org")
    assert (chat.contact_id, chat.status, chat.title) == (contact.pk, "archived", "My plant is yellow")
    assert (chat.message_count, chat.last_sequence, chat.answered_sequence) == (5, 5, 5)
    assert chat.created_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert chat.last_activity.isoformat() == "2026-01-01T00:05:00+00:00"
    assert (second.metadata, second.language) == ({"author": "Tomás"}, "en")


def test_chatwoots_pages_and_lists_are_read_as_well(tenant: TenantModel, tmp_path: Path) -> None:
    pages = {"data": {"meta": {}, "payload": [{**CHATWOOT, "messages": []}]}}
    page = {"meta": {}, "payload": [{**message, "conversation_id": 41} for message in CHATWOOT["messages"][:2]]}
    assert run("chatwoot", write(tmp_path, json.dumps([pages, page], indent=1)))["messages"] == 2
    assert run("chatwoot", write(tmp_path, json.dumps(CHATWOOT, indent=1)))["messages"] == 3


def test_a_zendesk_ticket_arrives_without_the_internal_notes(tenant: TenantModel, tmp_path: Path) -> None:
    told = run("zendesk", write(tmp_path, lines(USER, TICKET)))
    assert (told["conversations"], told["contacts"], told["messages"], told["error"]) == (1, 2, 2, "")
    assert said(tenant) == [("user", "I ordered a pot."), ("staff", "It comes tomorrow.")]
    with in_tenant(tenant):
        chat = ChatModel.objects.select_related("contact").get()
        assert (chat.title, chat.status) == ("Where is my order?", "completed")
        assert chat.contact is not None
        assert (chat.contact.external_id, chat.contact.email) == ("zendesk-55", "rosa@example.org")
        assert Contact.objects.get(external_id="zendesk-56").labels == ["vip"]


def test_zendesks_audits_hold_the_comments_of_the_apis_tickets(tenant: TenantModel, tmp_path: Path) -> None:
    ticket = {name: value for name, value in TICKET.items() if name not in {"comments", "description"}}
    comment = {"id": 7, "type": "Comment", "public": True, "body": "I ordered a pot.", "author_id": 55}
    audit = {"id": 6, "ticket_id": 812, "author_id": 55, "created_at": "2026-01-01T10:00:00Z",
             "events": [comment, {"id": 8, "type": "Change", "field_name": "status"}]}  # fmt: skip
    told = run("zendesk", write(tmp_path, lines({"tickets": [ticket]}, {"audits": [audit]})))
    assert (told["messages"], told["error"]) == (1, "")
    assert said(tenant) == [("user", "I ordered a pot.")]


def test_a_whatsapp_chat_arrives(tenant: TenantModel, tmp_path: Path) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(timezone="America/Bogota")
    told = run("whatsapp", write(tmp_path, WHATSAPP, "WhatsApp Chat with Rosa.txt"))
    assert (told["conversations"], told["contacts"], told["messages"], told["error"]) == (1, 1, 5, "")
    assert said(tenant) == [
        ("system", "Messages and calls are end-to-end encrypted."), ("user", "Do you deliver?"),
        ("user", "To the coast,\nand to the islands?"), ("staff", "We do."), ("user", "<Media omitted>"),
    ]  # fmt: skip
    with in_tenant(tenant):
        times = list(ContentChatModel.objects.order_by("sequence").values_list("timestamp", flat=True))
    assert [each.isoformat() for each in (times[0], times[3])] == [
        "2025-12-01T15:00:00+00:00", "2025-12-02T15:12:00+00:00"
    ]  # fmt: skip


def test_who_of_a_chat_is_the_tenant_must_be_known(tenant: TenantModel, tmp_path: Path) -> None:
    path = write(tmp_path, WHATSAPP, "_chat.txt")
    told = run("whatsapp", path)
    assert told["told"] == [{"line": 0, "message": "Name with --own-name who of these is you: Rosa, La Hoja."}]
    assert told["error"] == "1 problems; nothing came of it."
    assert run("whatsapp", path, own_name=["La Hoja"])["messages"] == 5


def test_a_chat_exported_again_brings_only_what_is_new(tenant: TenantModel, tmp_path: Path) -> None:
    path = write(tmp_path, WHATSAPP, "WhatsApp Chat with Rosa.txt")
    run("whatsapp", path)
    later = WHATSAPP + "03/12/25, 09:00 - Rosa: Do you deliver?\n"
    told = run("whatsapp", write(tmp_path, later, "WhatsApp Chat with Rosa.txt"))
    assert (told["conversations"], told["messages"], told["known_messages"]) == (0, 1, 5)
    with in_tenant(tenant):
        assert ChatModel.objects.get().message_count == 6


@pytest.mark.parametrize(("source", "text"), [("chatwoot", lines(CONTACT, CHATWOOT)), ("zendesk", lines(USER, TICKET))])
def test_running_again_adds_nothing(tenant: TenantModel, tmp_path: Path, source: str, text: str) -> None:
    path = write(tmp_path, text)
    first = run(source, path)
    before = said(tenant)
    again = run(source, path)
    assert (again["conversations"], again["contacts"], again["messages"]) == (0, 0, 0)
    assert again["known_messages"] == first["messages"]
    assert said(tenant) == before


def test_nobody_answers_history(tenant: TenantModel, tmp_path: Path) -> None:
    run("zendesk", write(tmp_path, lines(TICKET)))
    assert not WorkItem.objects.filter(tenant_id=tenant.pk, kind="turn").exists()


def test_a_rehearsal_counts_and_changes_nothing(tenant: TenantModel, tmp_path: Path) -> None:
    told = run("chatwoot", write(tmp_path, lines(CONTACT, CHATWOOT)), dry_run=True)
    assert (told["conversations"], told["contacts"], told["messages"]) == (1, 2, 5)
    with in_tenant(tenant):
        assert (ChatModel.objects.count(), Contact.objects.count()) == (0, 0)


def test_batches_of_one_make_the_same(tenant: TenantModel, tmp_path: Path, settings: Any) -> None:
    settings.MANAGEMENT_COMMANDS = {**settings.MANAGEMENT_COMMANDS, "import": {"batch_size": 1}}
    told = run("chatwoot", write(tmp_path, lines(CHATWOOT)), dry_run=True)
    assert (told["conversations"], told["contacts"], told["messages"]) == (1, 1, 5)
    assert run("chatwoot", write(tmp_path, lines(CHATWOOT)))["messages"] == 5
    with in_tenant(tenant):
        chat = ChatModel.objects.get()
    assert (chat.message_count, chat.created_at.isoformat()) == (5, "2026-01-01T00:00:00+00:00")


def test_personal_data_is_sealed_as_the_policy_says(tenant: TenantModel, tmp_path: Path) -> None:
    ticket = {**TICKET, "comments": [{**TICKET["comments"][0], "plain_body": "I am rosa.perez@example.org"}]}
    run("zendesk", write(tmp_path, lines(ticket)))
    with in_tenant(tenant):
        row = ContentChatModel.objects.get()
        stored = ContentChatModel.objects.values_list("content", flat=True).get()
    assert (row.is_encrypted, row.content) == (True, "I am rosa.perez@example.org")
    assert "rosa" not in stored


def test_long_texts_become_several_messages(tenant: TenantModel, tmp_path: Path) -> None:
    words = "word " * 5_000
    run("zendesk", write(tmp_path, lines({**TICKET, "comments": [{**TICKET["comments"][0], "plain_body": words}]})))
    texts = [content for _sender, content in said(tenant)]
    assert len(texts) == 3
    assert " ".join(texts) == words.strip()


def test_bad_records_are_told_by_line_and_stop_no_other(tenant: TenantModel, tmp_path: Path) -> None:
    bad = {**TICKET, "id": 813, "comments": [{"id": 9, "author_id": 55, "body": "x", "created_at": "never"}]}
    text = "\n".join([lines(USER), "{broken", lines({"what": 1}), "[1]", lines(bad), lines(TICKET)])
    told = run("zendesk", write(tmp_path, text))
    assert [one["line"] for one in told["told"]] == [2, 3, 4, 5]
    assert (told["conversations"], told["messages"]) == (2, 2)
    assert told["error"] == "4 problems; the rest was imported."


def test_whoever_was_erased_is_not_brought_back(tenant: TenantModel, tmp_path: Path) -> None:
    with in_tenant(tenant):
        gone = Contact(channel="api", external_id="zendesk-55")
        ErasureLedger.objects.create(person="00000000-0000-7000-8000-000000000001", identity=identity_of(gone))
    told = run("zendesk", write(tmp_path, lines(TICKET)))
    assert (told["erased"], told["conversations"], told["messages"], told["error"]) == (1, 0, 0, "")


def test_a_neighbour_has_its_own(tenant: TenantModel, neighbour: TenantModel, tmp_path: Path) -> None:
    path = write(tmp_path, lines(TICKET))
    assert run("zendesk", path, tenant="acme")["messages"] == 2
    assert run("zendesk", path, tenant="neighbour")["messages"] == 2
    with pytest.raises(CommandError, match="--tenant"):
        call_command("import_conversations", source="zendesk", file=[path])


def test_what_retention_will_remove_is_told(tenant: TenantModel, tmp_path: Path) -> None:
    old = (timezone.now() - timedelta(days=500)).isoformat()
    ticket = {**TICKET, "comments": [{**TICKET["comments"][0], "created_at": old}]}
    assert run("zendesk", write(tmp_path, lines(ticket)))["beyond_retention"] == 1


def test_it_is_in_the_audit_log(tenant: TenantModel, tmp_path: Path) -> None:
    run("zendesk", write(tmp_path, lines(TICKET)))
    with in_tenant(tenant):
        details = AuditLog.objects.get(action="conversations_imported").details
    assert (details["source"], details["messages"]) == ("zendesk", 2)


def test_the_report_is_written_and_words_are_told(tenant: TenantModel, tmp_path: Path, capsys: Any) -> None:
    path, report = write(tmp_path, lines(TICKET)), tmp_path / "report.json"
    call_command("import_conversations", "--no-progress", source="zendesk", file=[path], report=report)
    assert "1 conversations, 1 contacts, 2 messages" in capsys.readouterr().out
    assert json.loads(report.read_text())[str(path)]["messages"] == 2


def test_archives_are_read_without_being_unpacked(tenant: TenantModel, tmp_path: Path) -> None:
    zipped = tmp_path / "WhatsApp Chat - Rosa.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../escaped_chat.txt", WHATSAPP)
        archive.writestr("IMG-001.jpg", b"\xff\xd8")
    before = set(tmp_path.rglob("*"))
    assert run("whatsapp", zipped)["messages"] == 5
    assert set(tmp_path.rglob("*")) == before
    assert not (tmp_path.parent / "escaped_chat.txt").exists()
    packed = tmp_path / "export.jsonl.gz"
    packed.write_bytes(gzip.compress(lines(TICKET).encode()))
    assert run("zendesk", packed)["messages"] == 2


def test_an_imported_conversation_shows_who_wrote_what(colleague: User, tenant: TenantModel, tmp_path: Path) -> None:
    text = "01/12/25, 10:05 - Rosa: Hi\n01/12/25, 10:06 - Luz: Hello\n01/12/25, 10:07 - La Hoja: Good day\n"
    run("whatsapp", write(tmp_path, text, "group.txt"), own_name=["La Hoja"])
    with in_tenant(tenant):
        chat = ChatModel.objects.get()
    page = browser_of(colleague).get(reverse("admin:chats_chatmodel_change", args=[chat.pk])).content.decode()
    assert f"Group {chat.user_id[-4:]}" in page
    for name in ("Rosa", "Luz", "La Hoja"):
        assert f'<strong dir="auto">{name}</strong>' in page


@pytest.mark.parametrize("place", [".", "nowhere/report.json"])
def test_nothing_is_imported_when_the_report_cannot_be_written(tenant: TenantModel, tmp_path: Path, place: str) -> None:
    path = write(tmp_path, lines(CHATWOOT))
    with pytest.raises(CommandError, match="report cannot be written"):
        call_command("import_conversations", source="chatwoot", file=[path], report=tmp_path / place, no_progress=True)
    assert said(tenant) == []


@pytest.mark.parametrize("source", ["chatwoot", "zendesk"])
def test_an_empty_file_is_told(tenant: TenantModel, tmp_path: Path, source: str) -> None:
    told = run(source, write(tmp_path, " \n"))
    assert told["told"] == [{"line": 0, "message": "There is nothing in it."}]
