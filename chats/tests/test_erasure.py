"""An anonymised person: nothing of it is in a dump of the database or in the media folder, and figures stay."""

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from analysis.models import ConversationAnalytics, ConversationSummary, Sentiment, SentimentChatModel
from audit.models import AuditLog, ErrorLog
from audit.services.faults import fault_of, record_fault
from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, ErasureLedger
from chats.services import erasing
from chats.services.erasing_now import erase_now, replay
from chats.services.erasure_receipts import is_genuine
from chats.services.lifecycle import create_chat
from chats.services.media_files import FileToStore, add_rows, store_files
from chats.services.messages import post_message
from chats.services.visitors import open_session
from notifications.models import Event
from notifications.services.events import record_event
from tenants.models import IdempotencyRecord, TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tests.support.cast import Visitor, client_with_key
from tests.support.dumps import dumped

pytestmark = pytest.mark.django_db(transaction=True)
CANARIES = {
    "name": "Canaria Pajarito", "email": "canary@birds.example", "external_id": "canary-57300", "text": "canary-text",
    "address": "57300canary@s.whatsapp.net", "file": "canary-file", "summary": "canary-summary",
    "comment": "canary-comment", "reason": "canary-reason", "client": "canary-client", "error": "canary-error",
    "title": "canary-title", "label": "canary-label",
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def make_person(tenant: TenantModel) -> Contact:
    """Store a person with everything that may be known of one."""
    with in_tenant(tenant):
        contact = Contact.objects.create(
            channel="api", external_id=CANARIES["external_id"], name=CANARIES["name"], email=CANARIES["email"],
            chat_address=CANARIES["address"], labels=[CANARIES["label"]],
        )  # fmt: skip
        chat = create_chat(
            user_id=contact.external_id, channel="api", contact=contact, title=f"{CANARIES['title']} {CANARIES['name']}"
        )
    with in_tenant(tenant):
        sent = {"chat_id": chat.chat_id, "content": CANARIES["text"], "client_message_id": CANARIES["client"]}
        posted = post_message(**sent)
        post_message(chat_id=chat.chat_id, content=f"My address is {CANARIES['email']}")  # sealed by the policy
        stored = store_files([FileToStore("file", "text/plain", CANARIES["file"], CANARIES["file"].encode())])
        add_rows(posted.message, stored)
        ConversationSummary.objects.create(chat=chat, summary=CANARIES["summary"], key_points=[CANARIES["summary"]])
        ConversationAnalytics.objects.update_or_create(
            chat=chat, defaults={"comment": CANARIES["comment"], "user_satisfaction_rating": 4}
        )
        SentimentChatModel.objects.update_or_create(
            message=posted.message,
            defaults={
                "chat": chat, "sentiment": Sentiment.POSITIVE, "score": "0.5", "confidence": "0.9",
                "analyzer": "lexical", "timestamp": posted.message.timestamp,
            },
        )  # fmt: skip
        record_event("chat.escalated", object_type="chat", object_id=chat.chat_id, data={"reason": CANARIES["reason"]})
        WorkItem.objects.filter(tenant_id=tenant.pk).update(last_error=f"ValueError: {CANARIES['email']}")
        fault = fault_of(ValueError(f"{CANARIES['error']} {CANARIES['email']}"))
    record_fault(fault)
    return contact


def found(text: str) -> list[str]:
    return [name for name, canary in CANARIES.items() if canary.lower() in text.lower()]


def files(folder: Path) -> str:
    return "\n".join(
        f"{path.name} {path.read_bytes().decode('utf-8', 'replace')}" for path in folder.rglob("*") if path.is_file()
    )


def test_no_canary_is_left_in_a_full_dump_or_in_the_media_folder(tenant: TenantModel, own_folder: Path) -> None:
    contact = make_person(tenant)
    assert set(found(dumped())) == set(CANARIES)
    assert found(files(own_folder)) == ["file"]
    receipt = erase_now(tenant, contact.pk)
    assert receipt["left"] == {}
    assert found(dumped()) == []
    assert found(files(own_folder)) == []


def test_figures_stay(tenant: TenantModel) -> None:
    contact = make_person(tenant)
    with in_tenant(tenant):
        before = ChatModel.objects.get(contact=contact)
        times = list(ContentChatModel.objects.order_by("pk").values_list("pk", "timestamp", "sender", "tokens_used"))
    erase_now(tenant, contact.pk)
    with in_tenant(tenant):
        after = ChatModel.objects.get(contact=contact)
        assert (after.message_count, after.total_tokens) == (before.message_count, before.total_tokens)
        assert after.created_at == before.created_at
        kept = list(ContentChatModel.objects.order_by("pk").values_list("pk", "timestamp", "sender", "tokens_used"))
        assert kept == times
        assert ConversationAnalytics.objects.get(chat=after).user_satisfaction_rating == 4
        assert SentimentChatModel.objects.filter(chat=after).count() == 1
        assert set(ContentChatModel.objects.values_list("content", flat=True)) == {"[anonymised]"}


def test_whoever_was_anonymised_writes_no_more_in_the_old_conversation(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        grant = open_session(locale="en")
    erase_now(tenant, grant.contact.pk)
    with in_tenant(tenant):
        assert not grant.contact.sessions.exists()
        assert ChatModel.objects.get(pk=grant.chat.pk).status == ChatStatus.ARCHIVED


def test_answers_that_were_kept_for_the_person_go_and_no_others(tenant: TenantModel, visitor: Visitor) -> None:
    for client, key in ((visitor.client, "visitors-key"), (client_with_key(tenant), "programs-key")):
        assert client.post("/api/v1/chats/", {"user_id": "x"}, headers={"Idempotency-Key": key}).status_code == 201
    with in_tenant(tenant):
        assert IdempotencyRecord.objects.count() == 2
    erase_now(tenant, UUID(str(visitor.chat.contact_id)))
    with in_tenant(tenant):
        assert IdempotencyRecord.objects.get().caller.startswith("key:")


def test_others_keep_what_they_have(tenant: TenantModel, neighbour: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="mine")
    theirs = make_person(neighbour)
    erase_now(tenant, make_person(tenant).pk)
    with in_tenant(tenant):
        assert chat.contents.get().content == "mine"
    with in_tenant(neighbour):
        assert Contact.objects.get(pk=theirs.pk).name == CANARIES["name"]
        assert ContentChatModel.objects.earliest("pk").content == CANARIES["text"]


def test_the_receipt_says_what_was_done_and_is_signed(tenant: TenantModel) -> None:
    contact = make_person(tenant)
    receipt = erase_now(tenant, contact.pk)
    assert receipt["contact"] == str(contact.pk)
    assert (receipt["erased"]["messages"], receipt["erased"]["files"], receipt["erased"]["chats"]) == (2, 1, 1)
    with in_tenant(tenant):
        erasure = ErasureLedger.objects.get()
        logged = AuditLog.objects.get(action="contact_anonymized")
    assert is_genuine(erasure.receipt, erasure.signature)
    assert not is_genuine({**erasure.receipt, "erased": {}}, erasure.signature)
    assert logged.details["signature"] == erasure.signature


def test_who_is_named_by_somebody_else_is_told_of(tenant: TenantModel, chat: ChatModel) -> None:
    contact = make_person(tenant)
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content=f"Ask {CANARIES['external_id']}.")
    left = {"chats_chatmodel": 1, "chats_contentchatmodel": 1, "chats_searchname": 1}
    assert erase_now(tenant, contact.pk)["left"] == left


def test_an_erasure_whose_process_died_begins_anew(tenant: TenantModel, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = make_person(tenant)

    def die(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(erasing, "leftovers", die)
        erase_now(tenant, contact.pk)
    with in_tenant(tenant):
        assert Contact.objects.get(pk=contact.pk).anonymized_at is None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_workitem SET lease_until = now() - interval '1 second' WHERE kind = 'erasure'")
    assert erase_now(tenant, contact.pk)["left"] == {}
    assert found(dumped()) == []


def test_an_error_is_written_down_and_tried_again(tenant: TenantModel, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = make_person(tenant)

    def fail(*_arguments: Any) -> None:
        raise ValueError("no room")

    with in_tenant(tenant):
        erasure = erasing.ask_to_erase(contact, by=None)
    with monkeypatch.context() as patch, tenant_scope(tenant):
        patch.setattr(erasing, "leftovers", fail)
        erasing.erase(erasing.key_of(erasure))
    with in_tenant(tenant):
        assert ErrorLog.objects.filter(error_message="no room").exists()
        row = WorkItem.objects.get(dedupe_key=erasing.key_of(erasure))
    assert (row.state, row.attempts) == ("ready", 1)


def test_a_restored_backup_is_erased_again(tenant: TenantModel) -> None:
    contact = make_person(tenant)
    erase_now(tenant, contact.pk)
    with in_tenant(tenant):  # the backup is older than the erasure: it has the person, and no ledger
        ErasureLedger.objects.all().delete()
        Contact.objects.filter(pk=contact.pk).update(
            anonymized_at=None, name=CANARIES["name"], external_id=CANARIES["external_id"], email=CANARIES["email"]
        )
        ContentChatModel.objects.update(content=CANARIES["text"])
    assert replay(tenant, only_count=True) == 1
    out = StringIO()
    call_command("replay_erasures", "--json", "--no-progress", tenant=tenant.name, stdout=out)
    assert json.loads(out.getvalue()) == {"erased_again": {tenant.name: 1}}
    assert found(dumped()) == []
    assert replay(tenant) == 0


def test_who_is_in_the_databases_own_ledger_is_erased_again_without_the_files(
    tenant: TenantModel, own_folder: Path
) -> None:
    contact = make_person(tenant)
    erase_now(tenant, contact.pk)
    shutil.rmtree(own_folder)
    with in_tenant(tenant):
        Contact.objects.filter(pk=contact.pk).update(anonymized_at=None, name=CANARIES["name"])
    assert replay(tenant) == 1
    assert found(dumped()) == []
    assert len(list((own_folder / "erasures" / str(tenant.pk)).iterdir())) == 1


def test_a_receipt_that_somebody_changed_erases_nobody(tenant: TenantModel, own_folder: Path) -> None:
    erase_now(tenant, make_person(tenant).pk)
    (path,) = (own_folder / "erasures" / str(tenant.pk)).iterdir()
    told = json.loads(path.read_text())
    with in_tenant(tenant):
        other = Contact.objects.create(channel="api", external_id="other")
        told["receipt"]["contact"] = str(other.pk)
    path.write_text(json.dumps(told))
    assert replay(tenant) == 0


def test_the_command_prints_the_receipt(tenant: TenantModel) -> None:
    contact = make_person(tenant)
    out = StringIO()
    call_command("anonymize_chat_data", "--json", user_id=CANARIES["external_id"], stdout=out)
    (receipt,) = json.loads(out.getvalue())["receipts"]
    assert receipt["contact"] == str(contact.pk)
    assert found(out.getvalue()) == []


def test_the_command_in_words_and_its_rehearsal(tenant: TenantModel) -> None:
    make_person(tenant)
    out = StringIO()
    call_command("anonymize_chat_data", "--dry-run", user_id=CANARIES["external_id"], stdout=out)
    assert out.getvalue() == "Nothing was changed.\n"
    call_command("anonymize_chat_data", user_id=CANARIES["external_id"], stdout=out)
    assert "No clear text in the database names the person any more." in out.getvalue()


def test_the_command_knows_who_is_not_there(tenant: TenantModel) -> None:
    with pytest.raises(CommandError, match="no contact"):
        call_command("anonymize_chat_data", user_id=str(uuid4()))


def test_the_command_fails_where_somebody_else_names_the_person(tenant: TenantModel, chat: ChatModel) -> None:
    make_person(tenant)
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content=f"Ask {CANARIES['external_id']}.")
    with pytest.raises(CommandError, match="still named"):
        call_command("anonymize_chat_data", user_id=CANARIES["external_id"])


def test_events_keep_what_is_no_text(tenant: TenantModel) -> None:
    contact = make_person(tenant)
    erase_now(tenant, contact.pk)
    with in_tenant(tenant):
        assert {"chat.created", "chat.escalated"} <= set(Event.objects.values_list("type", flat=True))
