"""Files in a backup: they come back whole, under names that stay in the storage, and only where they are wanted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tenants.backups import media
from tenants.backups.errors import DamagedError
from tenants.backups.media import checked, folder_owners, newest_stays


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Any) -> Iterator[None]:
    """An empty storage that nobody owns."""
    settings.MEDIA_ROOT = tmp_path
    with folder_owners.lent(), newest_stays.lent():
        yield


def store(name: str, content: bytes) -> None:
    default_storage.save(name, ContentFile(content))


def backed_up() -> list[bytes]:
    """Return all files as they stand in a backup, in small pieces."""
    whole = b"".join(media.written(media.names_in(default_storage), lambda name: None))
    return [whole[begin : begin + 7] for begin in range(0, len(whole), 7)]


def put_back(pieces: list[bytes], **options: str) -> int:
    return media.put_back(pieces, lambda name: None, **options)


def content(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())


def test_files_that_are_gone_come_back() -> None:
    files = {"a/1": b"one", "a/b/2": b"", "c": bytes(300_000)}
    for name, data in files.items():
        store(name, data)
    kept = backed_up()
    for name in files:
        default_storage.delete(name)
    assert put_back(kept) == 3
    assert {name: content(name) for name in files} == files


def test_a_file_that_is_there_as_it_was_is_not_written_again() -> None:
    store("a", b"one")
    assert put_back(backed_up()) == 0


def test_a_file_that_was_changed_is_put_back() -> None:
    store("a", b"one")
    kept = backed_up()
    Path(default_storage.path("a")).write_bytes(b"two")
    assert put_back(kept) == 1
    assert content("a") == b"one"


def test_what_is_newest_in_the_storage_stays() -> None:
    store("audit/x", b"old")
    kept = backed_up()
    Path(default_storage.path("audit/x")).write_bytes(b"new")
    with newest_stays.lent(audit="Checkpoints."):
        assert put_back(kept) == 0
    assert content("audit/x") == b"new"


def test_a_file_that_no_row_knows_any_more_does_not_come_back() -> None:
    store("t/known", b"1")
    store("t/erased", b"2")
    kept = backed_up()
    default_storage.delete("t/known")
    default_storage.delete("t/erased")
    with folder_owners.lent(chats=lambda folder: {"t/known"}):
        assert put_back(kept) == 1
    assert not default_storage.exists("t/erased")


def test_of_one_tenant_nothing_else_is_written() -> None:
    store("one/a", b"1")
    store("two/a", b"2")
    kept = backed_up()
    default_storage.delete("one/a")
    default_storage.delete("two/a")
    assert put_back(kept, only_below="one") == 1
    assert not default_storage.exists("two/a")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a//b", "a\\b", "a\x00b", "./a", ""])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(DamagedError):
        checked(name)


def test_files_that_end_in_the_middle_are_refused() -> None:
    store("a", b"one")
    with pytest.raises(DamagedError):
        put_back(backed_up()[:-1])
