"""A rotation of a tenant's key that is killed again and again: no message may become unreadable.

`python -m tests.crash.rotation` encrypts a million messages, kills the rotation twenty times and reads every one.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg

from tests.support.servers import throwaway_servers

ROOT: Final = Path(__file__).resolve().parents[2]
TENANT: Final = "rotated"
CHAT_LENGTH: Final = 1_000
# As the database's owner, past the application: the messages are sealed by the command, as stored ones are.
SEED: Final = """
INSERT INTO chats_chatmodel (tenant_id, user_id, title, channel, is_group, status, is_active, settings, agent_settings,
    model_used, total_tokens, message_count, last_sequence, answered_sequence, owner_version, last_activity,
    created_at, updated_at)
SELECT %(tenant)s, 'person ' || n, 'title ' || n, 'web', false, 'active', true, '{}', '{}', '', 0, %(each)s, %(each)s,
    0, 0, now(), now(), now() FROM generate_series(1, %(chats)s) AS n;
INSERT INTO chats_contentchatmodel (tenant_id, chat_id, sequence, content, content_type, sender, client_message_id,
    external_id, language, tokens_used, model_used, is_automatic, is_encrypted, encryption_key_id, metadata, timestamp)
SELECT tenant_id, id, sequence, 'canary ' || id || ' ' || sequence, 'text', 'user', '', '', 'en', 0, '', false, false,
    '', '{}', now() FROM chats_chatmodel, generate_series(1, %(each)s) AS sequence WHERE tenant_id = %(tenant)s
"""
COUNT: Final = """
SELECT count(*), count(*) FILTER (WHERE NOT is_encrypted), count(*) FILTER (WHERE content LIKE '%%canary%%'),
       count(DISTINCT encryption_key_id) FROM chats_contentchatmodel WHERE tenant_id = %s
"""
READ: Final = """
from chats.models import ChatModel, ContentChatModel
from tenants.encryption import SealError
from tenants.models import TenantModel
from tenants.scope import in_tenant
unreadable = wrong = 0
with in_tenant(TenantModel.objects.get(name="rotated")):
    for row in ContentChatModel.objects.order_by("pk").iterator(5000):
        try:
            wrong += row.content != f"canary {row.chat_id} {row.sequence}"
        except SealError:
            unreadable += 1
    for chat in ChatModel.objects.iterator(5000):
        try:
            wrong += not chat.title.startswith("title ")
        except SealError:
            unreadable += 1
print(unreadable, wrong)
"""


@dataclass(frozen=True)
class Outcome:
    """What was left after the last run, and how long the runs took in all (seconds)."""

    messages: int
    kills: int
    begun: int
    unreadable: int
    wrong: int
    clear: int
    keys: int
    data_keys: int
    sealing_seconds: float
    rotating_seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether every message is there, encrypted by one key, and opens; only a rotation that begins makes a key."""
        return (self.unreadable, self.wrong, self.clear, self.keys, self.data_keys) == (0, 0, 0, 1, 1 + self.begun)


def rotate_under_fire(*, messages: int, kills: int, seed: int = 1, batch: int = 1_000) -> Outcome:
    """Encrypt so many messages, rotate their key through so many kills, and read everything; on servers of its own."""
    with throwaway_servers(migrated=True) as servers, TemporaryDirectory() as points:
        environment = {**os.environ, **servers.environment, "CHARLA_CRASH_POINTS": points}
        _manage(environment, "migrate", "--verbosity=0")
        _manage(
            environment, "shell", "-c", f"from tenants.models import *; TenantModel.objects.create(name={TENANT!r})"
        )
        with psycopg.connect(servers.environment["DATABASE_OPERATIONS_URL"], autocommit=True) as database:
            tenant = _row(database, "SELECT id FROM tenants_tenantmodel WHERE name = %s", TENANT)[0]
            _seed(database, tenant, messages)
            began = time.monotonic()
            _manage(environment, *_command("--all", batch))
            sealed = time.monotonic()
            dealt, begun = _kill(environment, kills, random.Random(seed), batch, database, tenant)
            begun += not _is_cut_off(database, tenant)
            _manage(environment, *_command("--rotate", batch))
            rotated = time.monotonic()
            stored, clear, canaries, keys = _row(database, COUNT, tenant)
            data_keys = _row(database, "SELECT count(*) FROM tenants_datakey WHERE tenant_id = %s", tenant)[0]
            unreadable, wrong = map(int, _manage(environment, "shell", "-c", READ).split()[-2:])
        return Outcome(
            stored, dealt, begun, unreadable, wrong, clear + canaries, keys, data_keys,
            round(sealed - began, 1), round(rotated - sealed, 1),
        )  # fmt: skip


def _seed(database: "psycopg.Connection[Any]", tenant: Any, messages: int) -> None:
    each = min(CHAT_LENGTH, messages)
    for statement in SEED.split(";\n"):
        database.execute(statement, {"tenant": tenant, "chats": messages // each, "each": each})


def _kill(
    environment: Mapping[str, str], kills: int, dice: random.Random, batch: int,
    database: "psycopg.Connection[Any]", tenant: Any,
) -> tuple[int, int]:  # fmt: skip
    """Kill the rotation each time it has done its share of the work, and a random moment later.

    The first dies when it has a new key and nothing else. Returns how many were killed, and how many began anew: on a
    fast machine one may have ended before.
    """
    dealt, begun, share = 0, 0, 1 / (kills + 1)
    log: Any = subprocess.DEVNULL
    for number in range(kills):
        begun += not _is_cut_off(database, tenant)
        if not number:
            Path(environment["CHARLA_CRASH_POINTS"], "rotation.begun").touch()
        process = subprocess.Popen(
            [sys.executable, "manage.py", *_command("--rotate", batch)], cwd=ROOT, env=dict(environment), stdout=log
        )
        while process.poll() is None and (not number or _progress(database, tenant) < share * number):
            time.sleep(0.02)
        time.sleep(dice.uniform(0, 0.1) if number else 0)
        process.kill()
        dealt += process.wait() == -signal.SIGKILL
    return dealt, begun


def _is_cut_off(database: "psycopg.Connection[Any]", tenant: Any) -> bool:
    """Tell whether a rotation has begun and not come to its end."""
    keys = _row(database, "SELECT count(*) FROM tenants_datakey WHERE tenant_id = %s", tenant)[0]
    return bool(keys > 1 and _progress(database, tenant) < 1)


def _progress(database: "psycopg.Connection[Any]", tenant: Any) -> float:
    """Return which part of the messages is sealed by the newest of several keys."""
    done = _row(
        database,
        "SELECT count(*) FILTER (WHERE encryption_key_id = (SELECT id::text FROM tenants_datakey WHERE tenant_id = %s"
        " AND is_current)), count(*) FROM chats_contentchatmodel WHERE tenant_id = %s AND (SELECT count(*)"
        " FROM tenants_datakey WHERE tenant_id = %s) > 1",
        tenant, tenant, tenant,
    )  # fmt: skip
    return float(done[0]) / (done[1] or 1)


def _row(database: "psycopg.Connection[Any]", query: Any, *arguments: Any) -> tuple[Any, ...]:
    found = database.execute(query, arguments).fetchone()
    if found is None:
        raise LookupError(query)
    return tuple(found)


def _command(option: str, batch: int) -> list[str]:
    return ["encrypt_sensitive_messages", f"--tenant={TENANT}", option, f"--batch-size={batch}", "--no-progress"]


def _manage(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode()


def main() -> int:
    """Run the long tier; exit status 1 when a message was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    outcome = rotate_under_fire(messages=chosen.messages, kills=chosen.kills, seed=chosen.seed)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    return 0 if outcome.is_sound and outcome.kills else 1


if __name__ == "__main__":
    sys.exit(main())
