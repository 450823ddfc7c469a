"""export_data: what leaves, in which shape, and who is told."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from agents.models import KnowledgeBase
from agents.services.documents import Entry, store
from analysis.services.bulk import analyze_chat
from audit.models import AuditLog
from chats.models import ChatModel, Contact, ContactState, ContentChatModel, ContextCache, Thread
from chats.services.lifecycle import create_chat
from chats.services.media import post_media
from chats.services.messages import post_message
from chats.tests.test_media import file, own_folder, picture  # noqa: F401
from chats.tests.test_sealed_messages import CARD, content_of, set_policy
from tenants.encryption.data_keys import forget_keys
from tenants.lifecycle import portable_kinds
from tenants.management.base import CharlaCommand
from tenants.models import ExportMark, TenantModel
from tenants.scope import in_tenant
from tests.support.cast import make_tenant
from tests.support.database import others_end

FORMULA = '=HYPERLINK("http://evil.example")'


def export(folder: Path, *words: str, **options: Any) -> Path:
    """Run the command into a folder and return what it wrote."""
    out = io.StringIO()
    given = {"tenant": "acme", "type": "chats", "output": folder, "no_progress": True, **options}
    call_command("export_data", *words, json=True, stdout=out, stderr=io.StringIO(), **given)
    return Path(next(iter(json.loads(out.getvalue())["exported"].values()))["path"])


def records(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def of_kind(path: Path, kind: str) -> list[dict[str, Any]]:
    """Return the records of one kind."""
    return [record for record in records(path) if record["kind"] == kind]


def say(tenant: TenantModel, chat: ChatModel, *texts: str) -> None:
    """Write messages."""
    with in_tenant(tenant):
        for text in texts:
            post_message(chat_id=chat.chat_id, content=text)


def told_of(contact: Contact) -> None:
    """Store what an outside assistant keeps of a person."""
    Thread.objects.create(contact=contact, external_thread_id=f"thread-{contact.external_id}")
    ContextCache.objects.create(contact=contact, context_text=f"Pays with {CARD}", expires_at="2030-01-01T00:00:00Z")
    ContactState.objects.create(contact=contact, preferences={"tone": "short"})


def test_every_message_leaves_once_in_its_order_between_header_and_trailer(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path
) -> None:
    say(tenant, chat, *(f"message {number}" for number in range(1203)))
    header, *rows, trailer = records(export(tmp_path))
    assert (header["kind"], header["tenant"], header["is_part"]) == ("charla.export", "acme", False)
    assert [row["content"] for row in rows if row["kind"] == "message"] == [f"message {n}" for n in range(1203)]
    assert trailer["counts"]["message"] == 1203


def test_a_neighbours_conversations_stay_where_they_are(tenant: TenantModel, chat: ChatModel, tmp_path: Path) -> None:
    other = make_tenant("other")
    with in_tenant(other):
        strange = create_chat(user_id="x", channel="api")
    say(other, strange, "not yours")
    say(tenant, chat, "ours")
    assert "not yours" not in export(tmp_path).read_text("utf-8")


def test_what_is_sealed_leaves_in_clear_and_the_export_is_audited(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path
) -> None:
    set_policy(tenant, "all")
    say(tenant, chat, CARD)
    with in_tenant(tenant):
        assert CARD not in content_of(ContentChatModel.objects.get())
    assert [row["content"] for row in of_kind(export(tmp_path), "message")] == [CARD]
    with in_tenant(tenant):
        entry = AuditLog.objects.get(action="data_exported")
    assert (entry.object_type, entry.details["types"]) == ("tenant", "chats")


def test_a_process_that_knows_no_key_yet_opens_what_is_sealed(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path
) -> None:
    set_policy(tenant, "all")
    say(tenant, chat, CARD)
    forget_keys()
    assert [row["content"] for row in of_kind(export(tmp_path), "message")] == [CARD]


def test_what_no_key_opens_is_marked_and_the_command_fails(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path
) -> None:
    set_policy(tenant, "all")
    say(tenant, chat, CARD, "another")
    with in_tenant(tenant):
        first = ContentChatModel.objects.order_by("pk").first()
        assert first is not None
        ContentChatModel.objects.filter(pk=first.pk).update(encryption_key_id="")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE chats_contentchatmodel SET content = content || 'A' WHERE id = %s", [first.pk])
    with pytest.raises(CommandError, match="1 fields do not open"):
        export(tmp_path)
    rows = of_kind(next(tmp_path.glob("*.jsonl")), "message")
    assert [(row["content"], row.get("unreadable")) for row in rows] == [(None, ["content"]), ("another", None)]


def test_json_holds_the_same_records_as_json_lines(tenant: TenantModel, chat: ChatModel, tmp_path: Path) -> None:
    say(tenant, chat, "one", "two")
    lines, array = records(export(tmp_path)), json.loads(export(tmp_path, format="json").read_text("utf-8"))
    assert array[1:] == lines[1:]


def test_a_cell_of_a_table_cannot_run_as_a_formula(tenant: TenantModel, chat: ChatModel, tmp_path: Path) -> None:
    say(tenant, chat, FORMULA, "  +1", "\t=1", "fine", 'two\nlines, "quoted"')
    folder = export(tmp_path, format="csv")
    with (folder / "message.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row["content"] for row in csv.DictReader(file)]
    assert cells == [f"'{FORMULA}", "'  +1", "'\t=1", "fine", 'two\nlines, "quoted"']
    assert {file.name for file in folder.iterdir()} >= {"chat.csv", "message.csv"}


def test_xml_is_well_formed_whatever_was_written(tenant: TenantModel, chat: ChatModel, tmp_path: Path) -> None:
    say(tenant, chat, 'a <b> & "c" ]]>')
    with in_tenant(tenant):
        ContentChatModel.objects.update(content="bell \x07 <b> &\r\nend", model_used="<x>")
    root = ET.fromstring(export(tmp_path, format="xml").read_bytes())
    message = next(record for record in root if record.get("kind") == "message")
    assert (message.findtext("content"), message.findtext("model_used")) == ("bell \ufffd <b> &\r\nend", "<x>")
    assert {count.get("kind"): count.text for count in root.iter("count")}["message"] == "1"


def test_compressed_is_the_same_under_another_name(tenant: TenantModel, chat: ChatModel, tmp_path: Path) -> None:
    say(tenant, chat, "hello")
    path = export(tmp_path, compress=True)
    assert path.name.endswith(".jsonl.gz")
    assert b'"content":"hello"' in gzip.decompress(path.read_bytes())


def test_a_period_takes_whole_conversations_that_began_in_it(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path
) -> None:
    say(tenant, chat, "old")
    with in_tenant(tenant):
        ChatModel.objects.update(created_at="2026-01-31T23:00:00Z")
        new = create_chat(user_id="x", channel="api")
    say(tenant, new, "new")
    told = {end: [row["content"] for row in of_kind(export(tmp_path / end, f"--to={end}"), "message")]
            for end in ("2026-01-31", "2026-02-01")}  # fmt: skip
    assert told == {"2026-01-31": [], "2026-02-01": ["old"]}
    assert [row["content"] for row in of_kind(export(tmp_path / "b", "--from=2026-02-01"), "message")] == ["new"]


def test_only_the_owner_may_read_the_file_and_a_broken_export_leaves_none(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(tmp_path / "whole").stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr("tenants.services.exporting.count", lambda kind, wanted: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        export(tmp_path / "broken")
    assert list((tmp_path / "broken").iterdir()) == []


@pytest.mark.parametrize("words", [["--from=2026-02-30"], ["--to=1/2/26"], ["--from=2026-03-01", "--to=2026-02-01"]])
def test_a_period_that_is_none_is_refused_in_words(tenant: TenantModel, tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        export(tmp_path, *words)
    assert "_time" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(60, method="thread")
def test_a_disk_that_fills_up_ends_the_export(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(tenant, chat, "one", "two", "three")

    def write(self: Any, kind: Any, batch: Any) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("tenants.services.exporting.ROWS_AT_ONCE", 1)
    monkeypatch.setattr("tenants.portable.formats.JSONLines.write", write)
    with pytest.raises(CommandError, match="No space left"):
        export(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(60, method="thread")
def test_ctrl_c_between_two_records_ends_the_export(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def progress(self: Any, steps: Iterator[int], **options: Any) -> Iterator[int]:
        yield next(steps)
        raise KeyboardInterrupt

    say(tenant, chat, "one", "two", "three")
    monkeypatch.setattr("tenants.services.exporting.ROWS_AT_ONCE", 1)
    monkeypatch.setattr(CharlaCommand, "progress", progress)
    with pytest.raises(KeyboardInterrupt):
        export(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_several_tenants_or_tables_do_not_fit_into_one_file(tenant: TenantModel, tmp_path: Path) -> None:
    make_tenant("other")
    for options in ({"tenant": "all"}, {"format": "csv"}):
        with pytest.raises(CommandError) as refused:
            export(tmp_path / "one.jsonl", **options)
        assert refused.value.returncode == 2


@pytest.mark.django_db(transaction=True)
def test_since_last_leaves_out_what_left_before_whatever_its_times(tmp_path: Path) -> None:
    tenant = make_tenant("acme")
    with in_tenant(tenant):
        old, new = create_chat(user_id="a", channel="api"), create_chat(user_id="b", channel="api")
    say(tenant, old, "before")
    others_end()
    assert len(of_kind(export(tmp_path / "1", since_last=True), "message")) == 1
    say(tenant, new, "after")
    with in_tenant(tenant):
        ContentChatModel.objects.filter(content="after").update(timestamp="2001-01-01T00:00:00Z")
    others_end()
    second = export(tmp_path / "2", since_last=True)
    assert [row["content"] for row in of_kind(second, "message")] == ["after"]
    assert [row["chat_id"] for row in of_kind(second, "chat")] == [str(new.chat_id)]
    assert of_kind(export(tmp_path / "3", since_last=True), "message") == []
    assert len(of_kind(export(tmp_path / "4"), "message")) == 2


def test_an_export_of_another_server_is_no_mark(tenant: TenantModel, chat: ChatModel, tmp_path: Path) -> None:
    say(tenant, chat, "hello")
    export(tmp_path / "1")
    with in_tenant(tenant):
        ExportMark.objects.update(cluster=1, transaction=2**40)
    assert len(of_kind(export(tmp_path / "2", since_last=True), "message")) == 1


@pytest.mark.parametrize("format_name", ["jsonl", "csv", "xml"])
def test_everything_that_a_tenant_has_can_leave(
    tenant: TenantModel, chat: ChatModel, tmp_path: Path, format_name: str
) -> None:
    say(tenant, chat, "hello")
    with in_tenant(tenant):
        analyze_chat(chat)
        base = KnowledgeBase.objects.create(name="general")
        store(base, [Entry("When are you open?", "Always.", "faq.csv", "en")])
        post_media(chat_id=chat.chat_id, files=[file(picture())])
        contact = Contact.objects.create(channel="api", external_id="x")
        told_of(contact)
    path = export(tmp_path, type="all", format=format_name)
    kinds = {kind.name for _name, kind in portable_kinds.items()}
    if format_name == "csv":
        assert {file.stem for file in path.iterdir()} == kinds
    else:
        found = path.read_text("utf-8")
        assert {kind for kind in kinds if f'"kind":"{kind}"' in found or f'<record kind="{kind}"' in found} == kinds - {
            "intent", "message_intent", "summary", "agent_base",
        }  # fmt: skip
