"""A backup's file: what was written comes back, and a file that is not as it was written is refused."""

import io
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import override_settings

from tenants.backups.container import Reader, Writer
from tenants.backups.errors import BackupError, DamagedError
from tenants.backups.files import PARTIAL, remove_abandoned, whole_or_nothing
from tenants.backups.manifest import Manifest
from tenants.backups.restoring import read_whole
from tenants.backups.sealing import CHUNK, SealedReader, SealedWriter

OTHER_KEY = "test:b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI="
CONTENT = {"table/one": b"a\tb\n" * 50_000, "table/empty": b"", "table/noise": random.Random(5).randbytes(3 * CHUNK)}


def write(path: Path, *, compress: bool = True, encrypt: bool = True, seed: str = "x") -> Path:
    """Write a backup with some parts."""
    with path.open("wb") as file:
        writer = Writer(file, compress=compress, encrypt=encrypt)
        for name, content in CONTENT.items():
            writer.add(name, [content[begin : begin + 1000] for begin in range(0, len(content), 1000)])
        writer.finish(Manifest(seed, "database", "2026-11-21T00:00:00+00:00", "1"))
    return path


def read(path: Path) -> dict[str, bytes]:
    """Read every part of a backup."""
    with Reader(path) as reader:
        return {part.name: b"".join(reader.read(part)) for part in reader.manifest.parts}


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A whole one."""
    return write(tmp_path / "one.backup")


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("encrypt", [True, False])
def test_what_was_written_comes_back(tmp_path: Path, compress: bool, encrypt: bool) -> None:
    assert read(write(tmp_path / "one.backup", compress=compress, encrypt=encrypt)) == CONTENT


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_any_size_is_read_from_any_place(size: int) -> None:
    content, file = random.Random(size).randbytes(size), io.BytesIO()
    writer = SealedWriter(file, encrypt=True)
    writer.write(content)
    writer.close()
    reader = SealedReader(file)
    assert reader.size == size
    assert reader.read_at(size // 2, size - size // 2) == content[size // 2 :]


def test_nothing_of_an_encrypted_backup_can_be_read_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "one.backup", compress=False)
    assert b"a\tb\na\tb\n" not in path.read_bytes()
    assert b"table/one" not in path.read_bytes()


def test_compression_makes_it_smaller(tmp_path: Path, backup: Path) -> None:
    assert write(tmp_path / "two.backup", compress=False).stat().st_size > backup.stat().st_size + 150_000


def flipped(data: bytearray, chance: random.Random) -> bytes:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def cut(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def lengthened(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data) + chance.randbytes(chance.randrange(1, 1000))


def torn(data: bytearray, chance: random.Random) -> bytes:
    begin = chance.randrange(len(data) - 100)
    return bytes(data[:begin] + data[begin + chance.randrange(1, 100) :])


def zeroed(data: bytearray, chance: random.Random) -> bytes:
    begin = chance.randrange(len(data) - 4096)
    return bytes(data[:begin] + bytes(4096) + data[begin + 4096 :])


@pytest.mark.parametrize("encrypt", [True, False])
@pytest.mark.parametrize("damage", [flipped, cut, lengthened, torn, zeroed])
def test_a_damaged_file_is_refused(
    tmp_path: Path, damage: Callable[[bytearray, random.Random], bytes], encrypt: bool
) -> None:
    original = write(tmp_path / "one.backup", encrypt=encrypt).read_bytes()
    chance, other = random.Random(damage.__name__), tmp_path / "other.backup"
    for _ in range(12):
        other.write_bytes(damage(bytearray(original), chance))
        with pytest.raises(DamagedError):
            read(other)


def test_a_file_cut_at_the_end_of_a_chunk_is_refused(backup: Path) -> None:
    whole = backup.read_bytes()
    head = len(whole) - SealedReader(io.BytesIO(whole)).size
    backup.write_bytes(whole[: head % (CHUNK + 16) + CHUNK + 16])
    with pytest.raises(DamagedError):
        Reader(backup)


def test_chunks_of_two_backups_cannot_be_mixed(tmp_path: Path, backup: Path) -> None:
    first, second = backup.read_bytes(), write(tmp_path / "two.backup", seed="y").read_bytes()
    backup.write_bytes(first[: len(first) // 2] + second[len(first) // 2 :])
    with pytest.raises(DamagedError):
        read(backup)


def test_two_chunks_of_one_backup_cannot_change_places(tmp_path: Path) -> None:
    path = write(tmp_path / "one.backup", compress=False)
    whole = path.read_bytes()
    begin, step = len(whole) % 7 + 400, CHUNK + 16
    path.write_bytes(whole[:begin] + whole[begin + step : begin + 2 * step] + whole[begin : begin + step] + whole[begin + 2 * step :])  # fmt: skip  # noqa: E501
    with pytest.raises(DamagedError):
        read(path)


@pytest.mark.parametrize("keys", [OTHER_KEY, "another:" + OTHER_KEY.partition(":")[2]])
def test_another_key_opens_nothing(backup: Path, keys: str) -> None:
    with override_settings(ENCRYPTION_KEYS=keys), pytest.raises(DamagedError):
        Reader(backup)


def test_another_key_does_not_pass_for_the_signer_of_a_readable_backup(tmp_path: Path) -> None:
    path = write(tmp_path / "one.backup", encrypt=False)
    with override_settings(ENCRYPTION_KEYS=OTHER_KEY), pytest.raises(DamagedError):
        Reader(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.backup"
    path.write_bytes(b"\x89PNG" + bytes(5000))
    with pytest.raises(DamagedError, match="no backup of Charla"):
        Reader(path)


def test_reading_all_parts_is_reading_every_byte(backup: Path) -> None:
    with Reader(backup) as reader:
        assert read_whole(reader) == sum(map(len, CONTENT.values()))


def test_a_file_has_its_name_when_it_is_whole_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    with whole_or_nothing(path) as file:
        file.write(b"x")
        assert not path.exists()
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_fails_in_the_middle_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), whole_or_nothing(tmp_path / "one.backup") as file:
        file.write(bytes(1 // 0))
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_never_written_over(tmp_path: Path, backup: Path) -> None:
    with pytest.raises(BackupError, match="already"), whole_or_nothing(backup):
        pass


def test_what_a_killed_process_left_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    backup = {"directory": str(tmp_path)}
    with override_settings(MANAGEMENT_COMMANDS={"backup": backup}), whole_or_nothing(tmp_path / "two.backup"):
        (tmp_path / f"one.backup{PARTIAL}").write_bytes(os.urandom(10))
        assert remove_abandoned() == 1
        assert [path.name for path in tmp_path.iterdir()] == [f"two.backup{PARTIAL}"]
