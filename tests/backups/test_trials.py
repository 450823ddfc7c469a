"""Backups that are damaged, restored again and again, and killed at: old or new, and never a mix.

bin/test runs a short tier; `bin/test tests/backups --trials 1000` as many as are asked for. What a long one came to
stands in docs/backup.md.
"""

import random
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import override_settings

from chats.models import ChatModel
from tenants.backups import databases, increments, restoring
from tenants.backups.connecting import address, owner_address
from tenants.backups.errors import DamagedError
from tenants.backups.files import PARTIAL, found
from tenants.backups.loading import load
from tenants.backups.making import make, silent
from tenants.backups.proving import prove, refuse_differences
from tenants.backups.restoring import opened
from tenants.models import TenantModel
from tenants.tests.test_restoring import beside, folder, names, said, say
from tests.backups.damage import DAMAGES
from tests.backups.digests import differing, digests
from tests.backups.killing import killed

__all__ = ["folder"]
pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "operations"]),
    pytest.mark.timeout(7200),
]
OTHER_KEY = "test:b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI="
SEED = 5
# What every restore changes by itself: held work, the note in the audit log, what is known of backups.
RESTORED_OTHERWISE = {"tenants_workitem", "audit_auditlog", "tenants_backup"}


@pytest.fixture
def backup(chat: ChatModel, folder: Path) -> Path:
    """A backup of everything, of several chunks; what was said since is in the database alone."""
    say(chat, "uno", "tab\there", "línea\nnueva")
    for number in range(3):
        noise = random.Random(number).randbytes(200_000)
        default_storage.save(f"{chat.tenant_id}/2026-11-21/{number}.bin", ContentFile(noise))
    made = make(kind="full").path
    say(chat, "later")
    return made


def test_every_damaged_backup_is_refused_before_anything_changes(backup: Path, folder: Path, trials: int) -> None:
    chance, whole, damaged = random.Random(SEED), backup.read_bytes(), folder / "damaged.backup"
    other = make(kind="full").path.read_bytes()
    before, there = digests(), names()
    for number in range(trials):
        key = number % (len(DAMAGES) + 1)
        wrong_key = key == len(DAMAGES)
        content = whole if wrong_key else DAMAGES[key](whole, other, chance)
        assert wrong_key or content not in (whole, other)
        damaged.write_bytes(content)
        keys = {"ENCRYPTION_KEYS": OTHER_KEY} if wrong_key else {}
        with override_settings(**keys), pytest.raises(DamagedError):
            restoring.restore(damaged)
    assert (digests(), names()) == (before, there)


def test_every_drill_brings_back_every_row_of_every_table(backup: Path, trials: int) -> None:
    owner = owner_address()
    known = {**owner, "dbname": beside()}
    with opened(backup) as readers:
        for _drill in range(max(2, trials // 4)):
            databases.make_empty(owner, beside())
            try:
                load(readers, known, silent, increments.apply)
                refuse_differences(readers[-1], known)
            finally:
                databases.drop(owner, beside())
    assert beside() not in names()


def test_a_restore_that_is_killed_leaves_the_old_or_the_new_and_never_a_mix(
    backup: Path, chat: ChatModel, tenant: TenantModel, trials: int
) -> None:
    chance, ends = random.Random(SEED), {"old": 0, "new": 0}
    began = time.monotonic()
    restoring.restore(backup)
    lasts, new = time.monotonic() - began, digests()
    for _kill in range(max(4, trials // 4)):
        say(chat, "later")
        old = digests()
        # Half of them near the end, where the databases change names.
        killed(lambda: restoring.restore(backup), lasts * chance.choice([chance.random(), chance.uniform(0.8, 1.1)]))
        now = digests()
        if differing(now, old):
            assert differing(now, new) <= RESTORED_OTHERWISE
            assert said(tenant) == ["uno", "tab\there", "línea\nnueva"]
            ends["new"] += 1
        else:
            ends["old"] += 1
            restoring.restore(backup)  # what the killed one left is in nobody's way
        new = digests()
        _drop_what_was_left()
    print(ends)  # noqa: T201


def test_a_backup_that_is_killed_leaves_whole_files_alone(backup: Path, folder: Path, trials: int) -> None:
    chance, partial = random.Random(SEED), 0
    began = time.monotonic()
    make(kind="full")
    lasts = time.monotonic() - began
    for _kill in range(max(6, trials // 4)):
        killed(lambda: make(kind="full"), lasts * chance.uniform(0, 1.1))
        there = found()
        assert [one.reason for one in there if one.reason] == []
        for one in there[:2]:
            prove(one.path)
        for left in (folder / "backups").glob(f"*{PARTIAL}"):
            partial += 1
            assert left not in {one.path for one in there}
    make(kind="full")
    assert list((folder / "backups").glob(f"*{PARTIAL}")) == []
    print({"partial": partial, "whole": len(found())})  # noqa: T201


def _drop_what_was_left() -> None:
    owner, current = owner_address(), address()["dbname"]
    for name in names():
        if "_restore_" in name:
            databases.drop(owner, name)
    for name in databases.formers(owner, current)[1:]:
        databases.drop(owner, name)
