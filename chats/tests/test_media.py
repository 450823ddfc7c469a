"""Files with a message: what is taken, what becomes of it, and who gets it back."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image
from rest_framework.test import APIClient

from chats.models import ChatModel, ContentChatModel, MediaContentModel
from chats.services import media as media_service
from chats.services.media_files import count_strays, remove_media, remove_strays, store_files
from tenants.lifecycle import Cleaning
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tenants.services.config import forget_settings
from tests.support.cast import Visitor, client_of, client_with_key, make_visitor

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 400), **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (20, 120, 110)).save(target, kind, **options)
    return target.getvalue()


def file(data: bytes, name: str = "file", kind: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


def send(client: APIClient, chat: ChatModel, *files: SimpleUploadedFile, **fields: str) -> Any:
    return client.post(f"/api/v1/chats/{chat.chat_id}/media/", {"file": list(files), **fields}, format="multipart")


def stored_paths() -> set[str]:
    root = Path(default_storage.path("."))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_picture_makes_one_message_and_comes_back_drawn_anew(visitor: Visitor) -> None:
    exif = Image.Exif()
    exif[0x010F] = "CANARY-CAMERA"
    data = picture("JPEG", exif=exif, comment=b"CANARY-COMMENT")
    answer = send(visitor.client, visitor.chat, file(data, "C:\\holiday\\béach.JPG"), content="look")
    assert answer.status_code == 201
    message = answer.json()
    assert (message["content"], message["content_type"], message["sender"]) == ("look", "image", "user")
    (sent,) = message["media"]
    assert (sent["media_type"], sent["mime_type"], sent["name"]) == ("image", "image/jpeg", "béach.jpg")
    assert (sent["width"], sent["height"]) == (640, 400)
    got: Any = visitor.client.get(sent["url"])
    body = b"".join(got.streaming_content)
    assert len(body) == sent["size"]
    assert b"CANARY" not in body
    assert Image.open(io.BytesIO(body)).size == (640, 400)
    small: Any = visitor.client.get(sent["thumbnail_url"], HTTP_ACCEPT="image/avif,image/webp")
    assert max(Image.open(io.BytesIO(b"".join(small.streaming_content))).size) == 480


def test_a_file_is_answered_as_something_to_keep_and_never_as_a_page(visitor: Visitor) -> None:
    page = b"<!doctype html><script>alert(1)</script>"
    answer = send(visitor.client, visitor.chat, file(page, "invoice.html", "text/html"))
    (sent,) = answer.json()["media"]
    assert (sent["media_type"], sent["mime_type"], sent["name"]) == ("file", "text/plain", "invoice.html.txt")
    got = visitor.client.get(sent["url"])
    assert got["Content-Type"] == "text/plain"
    assert got["Content-Disposition"] == 'attachment; filename="invoice.html.txt"'
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert got["Cross-Origin-Resource-Policy"] == "same-origin"
    assert got["Cache-Control"] == "private, no-store"


RECORDING = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(24))


@pytest.mark.parametrize(
    ("wanted", "status", "begin", "end"),
    [
        ("bytes=0-", 206, 0, 40), ("bytes=0-0", 206, 0, 1), ("bytes=10-19", 206, 10, 20), ("bytes=30-999", 206, 30, 40),
        ("bytes=-5", 206, 35, 40), ("bytes=-999", 206, 0, 40), ("bytes=40-", 416, 40, 40), ("bytes=-0", 416, 40, 40),
        ("bytes=5-1", 200, 0, 40), ("bytes=0-1,3-4", 200, 0, 40), ("pages=1-2", 200, 0, 40), ("", 200, 0, 40),
    ],
)  # fmt: skip
def test_a_player_may_ask_for_a_part_of_a_recording(
    visitor: Visitor, wanted: str, status: int, begin: int, end: int
) -> None:
    (sent,) = send(visitor.client, visitor.chat, file(RECORDING, "note.wav")).json()["media"]
    got: Any = visitor.client.get(sent["url"], headers={"Range": wanted})
    body = b"".join(got.streaming_content)
    assert (got.status_code, body, got["Accept-Ranges"]) == (status, RECORDING[begin:end], "bytes")
    assert int(got["Content-Length"]) == end - begin
    part = {200: None, 206: f"bytes {begin}-{end - 1}/40", 416: "bytes */40"}[status]
    assert got.headers.get("Content-Range") == part
    assert got["Content-Disposition"].startswith("attachment")
    assert got["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


def test_a_part_of_a_version_that_nobody_can_name_is_the_whole(visitor: Visitor) -> None:
    (sent,) = send(visitor.client, visitor.chat, file(RECORDING, "note.wav")).json()["media"]
    got: Any = visitor.client.get(sent["url"], headers={"Range": "bytes=1-2", "If-Range": '"x"'})
    assert (got.status_code, b"".join(got.streaming_content)) == (200, RECORDING)


def test_the_message_tells_its_kind_by_all_its_files(visitor: Visitor) -> None:
    wav = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(24)
    assert send(visitor.client, visitor.chat, file(wav)).json()["content_type"] == "audio"
    two = send(visitor.client, visitor.chat, file(picture("PNG"), "a.png"), file(PDF, "b.pdf")).json()
    assert two["content_type"] == "file"
    assert [each["media_type"] for each in two["media"]] == ["image", "file"]
    listed = visitor.client.get(f"/api/v1/chats/{visitor.chat.chat_id}/messages/").json()["results"]
    assert [message["media"] for message in listed if message["id"] == two["id"]] == [two["media"]]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "AVIF", "JPEG"])
def test_every_format_of_pictures_is_drawn(visitor: Visitor, kind: str) -> None:
    (sent,) = send(visitor.client, visitor.chat, file(picture(kind))).json()["media"]
    assert sent["media_type"] == "image"
    assert visitor.client.get(sent["thumbnail_url"]).status_code == 200


def test_a_picture_stands_as_the_camera_was_held(visitor: Visitor) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (sent,) = send(visitor.client, visitor.chat, file(picture("JPEG", (300, 100), exif=exif))).json()["media"]
    assert (sent["width"], sent["height"]) == (100, 300)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"MZ\x90\x00\x03\x00\x00\x00", 415, "unsupported_type"),
        (b"\x7fELF\x02\x01\x01\x00", 415, "unsupported_type"),
        (b"\x00" * 100, 415, "unsupported_type"),
        (b"PK\x03\x04 no archive", 415, "unsupported_type"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, 400, "invalid"),
        (picture("JPEG")[:300], 400, "invalid"),
        (b"", 400, "blank"),
    ],
)
def test_what_is_not_taken_leaves_nothing_behind(visitor: Visitor, data: bytes, status: int, code: str) -> None:
    answer = send(
        visitor.client, visitor.chat, file(picture("PNG"), "good.png"), file(data, "holiday.jpg", "image/jpeg")
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert stored_paths() == set()
    with in_tenant(visitor.chat.tenant_id):
        assert not visitor.chat.contents.exists()


def test_sizes_pixels_and_counts_have_limits(visitor: Visitor, settings: Any) -> None:
    settings.MEDIA_LIMITS = {"MAX_BYTES": 5_000, "MAX_PIXELS": 10_000, "MAX_FILES": 2, "MAX_FILES_OF_CHAT": 3}
    small = file(PDF)
    for files in ([file(b"a" * 5_001)], [file(picture("PNG", (101, 100)))], [file(PDF), file(PDF), file(PDF)]):
        answer = send(visitor.client, visitor.chat, *files)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")
    assert send(visitor.client, visitor.chat, file(PDF), file(PDF)).status_code == 201
    assert send(visitor.client, visitor.chat, small, file(PDF)).status_code == 413


def test_a_picture_that_would_fill_the_memory_is_not_unpacked(visitor: Visitor) -> None:
    bomb = picture("PNG", (12_000, 12_000))
    assert len(bomb) < 1_000_000
    assert send(visitor.client, visitor.chat, file(bomb)).status_code == 413


def test_the_same_message_again_is_answered_with_the_first(visitor: Visitor) -> None:
    first = send(visitor.client, visitor.chat, file(PDF, "a.pdf"), client_message_id="one")
    before = stored_paths()
    again = send(visitor.client, visitor.chat, file(PDF, "a.pdf"), client_message_id="one")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert stored_paths() == before


@pytest.mark.parametrize("form", [{}, {"file": "a text"}])
def test_a_form_without_a_file_is_refused(visitor: Visitor, form: dict[str, str]) -> None:
    answer = visitor.client.post(f"/api/v1/chats/{visitor.chat.chat_id}/media/", form, format="multipart")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "file"


def test_other_kinds_of_body_are_refused(visitor: Visitor) -> None:
    answer = visitor.client.post(f"/api/v1/chats/{visitor.chat.chat_id}/media/", {"file": "x"}, format="json")
    assert answer.status_code == 415


def test_nobody_else_gets_a_file_or_sends_one(
    visitor: Visitor, tenant: TenantModel, neighbour: TenantModel, outsider: User, chat: ChatModel
) -> None:
    (sent,) = send(visitor.client, visitor.chat, file(picture())).json()["media"]
    strangers = [make_visitor(tenant).client, make_visitor(neighbour).client, client_of(outsider)]
    for stranger in strangers:
        for address in (sent["url"], sent["thumbnail_url"]):
            assert stranger.get(address).status_code == 404
        assert send(stranger, visitor.chat, file(PDF)).status_code == 404
    assert APIClient().get(sent["url"]).status_code == 401
    elsewhere = sent["url"].replace(str(visitor.chat.chat_id), str(chat.chat_id))
    assert client_with_key(tenant).get(elsewhere).status_code == 404


def test_staff_read_and_send_files_and_who_only_looks_does_not_send(
    visitor: Visitor, colleague: User, viewer: User
) -> None:
    (sent,) = send(visitor.client, visitor.chat, file(PDF, "a.pdf")).json()["media"]
    for user in (colleague, viewer):
        assert client_of(user).get(sent["url"]).status_code == 200
    assert send(client_of(viewer), visitor.chat, file(PDF)).status_code == 403
    answer = send(client_of(colleague), visitor.chat, file(PDF), content="**the form**")
    assert (answer.json()["sender"], answer.json()["content_type"]) == ("staff", "file")


def test_a_closed_conversation_takes_no_file(visitor: Visitor) -> None:
    with in_tenant(visitor.chat.tenant_id):
        ChatModel.objects.filter(pk=visitor.chat.pk).update(status="archived", is_active=False)
    assert send(visitor.client, visitor.chat, file(PDF)).status_code == 409
    assert stored_paths() == set()


@pytest.mark.parametrize(
    ("policy", "name", "kept"),
    [
        ("off", "Ana 4111 1111 1111 1111.pdf", "Ana 4111 1111 1111 1111.pdf"),
        ("sensitive", "price list.pdf", "price list.pdf"),
        ("sensitive", "card 4111 1111 1111 1111.pdf", "file.pdf"),
        ("all", "price list.pdf", "file.pdf"),
    ],
)
def test_a_name_that_would_have_to_be_sealed_is_not_kept(
    visitor: Visitor, tenant: TenantModel, policy: str, name: str, kept: str
) -> None:
    tenant.settings = {"encryption_policy": policy}
    tenant.save()
    forget_settings()
    (sent,) = send(visitor.client, visitor.chat, file(PDF, name)).json()["media"]
    assert sent["name"] == kept


def test_a_page_of_text_alone_asks_for_no_files(visitor: Visitor) -> None:
    with in_tenant(visitor.chat.tenant_id):
        messages = [ContentChatModel(content="one"), ContentChatModel(content="two")]
        with CaptureQueriesContext(connection) as queries:
            media_service.with_media(messages)
    assert len(queries) == 0


def test_what_is_removed_is_removed_from_the_disk_too(visitor: Visitor) -> None:
    send(visitor.client, visitor.chat, file(picture()), file(PDF))
    assert len(stored_paths()) == 3
    with in_tenant(visitor.chat.tenant_id):
        assert remove_media(MediaContentModel.objects.filter(chat=visitor.chat)) == 2
        assert not MediaContentModel.objects.exists()
    assert stored_paths() == set()


def test_files_that_no_row_knows_go_the_next_day(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from django.utils import timezone

    send(visitor.client, visitor.chat, file(picture()))
    kept = stored_paths()
    with in_tenant(visitor.chat.tenant_id):
        store_files([media_service.fit_file(file(PDF))])
        assert (count_strays(Cleaning()), list(remove_strays(Cleaning()))) == (0, [])
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("chats.services.media_files.timezone.now", lambda: tomorrow)
    with in_tenant(visitor.chat.tenant_id):
        assert count_strays(Cleaning()) == 1
        assert [(gone.rows, gone.file_bytes) for gone in remove_strays(Cleaning())] == [(1, len(PDF))]
    assert stored_paths() == kept


def test_a_kind_of_file_that_is_switched_off_is_refused_and_leaves_nothing(visitor: Visitor, settings: Any) -> None:
    settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "SUPPORTED_CONTENT_TYPES": ["text", "file"]}
    answer = send(visitor.client, visitor.chat, file(picture("PNG"), "cat.png"))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (415, "unsupported_type")
    assert stored_paths() == set()
