"""Flatness: what a message and a turn cost early and late in a conversation, alone and among a million messages."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.figures import Report, median, reporting
from benchmarks.installation import Cast, Installation, installation, make_cast
from config.stack.postgres import SUPERUSER
from config.stack.urls import DATABASE

EARLY, LATE, TIMES = 10, 10_000, 60
TENANTS, CHATS_EACH, MESSAGES_EACH = 1_000, 20, 50
MOST_RATIO = 1.5
HOT = {
    "the newest messages of a chat": "SELECT * FROM chats_contentchatmodel WHERE tenant_id = {tenant}"
    " AND chat_id = {chat} ORDER BY sequence DESC LIMIT 20",
    "a socket that resumes": "SELECT * FROM chats_contentchatmodel WHERE tenant_id = {tenant} AND chat_id = {chat}"
    " AND sequence > 9000 ORDER BY sequence LIMIT 200",
    "a chat by its id": "SELECT * FROM chats_chatmodel WHERE tenant_id = {tenant} AND chat_id = {chat_id}",
    "the inbox": "SELECT * FROM chats_chatmodel WHERE tenant_id = {tenant} ORDER BY last_activity DESC LIMIT 50",
    "a contact's chats": "SELECT * FROM chats_chatmodel WHERE tenant_id = {tenant} AND contact_id = {tenant}"
    " ORDER BY last_activity DESC LIMIT 50",
    "a turn's work row": "SELECT * FROM tenants_workitem WHERE dedupe_key = 'message:77'",
    "the next turn of a chat": "SELECT ref_id FROM tenants_workitem WHERE conversation = {chat} AND state = 'ready'"
    " AND kind = 'turn' ORDER BY id LIMIT 1",
    "the feed of events": "SELECT * FROM notifications_event WHERE tenant_id = {tenant} ORDER BY xid, id LIMIT 100",
}
LARGE = {"chats_contentchatmodel", "chats_chatmodel", "tenants_workitem", "notifications_event"}


class Bulk:
    """Writes many rows by copying one, past triggers and checks: as the superuser, in the replication role."""

    def __init__(self, made: Installation) -> None:
        url = made.servers.postgres.url(SUPERUSER, DATABASE)
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET session_replication_role = replica")

    def run(self, statement: str, *values: object) -> None:
        """Run one statement."""
        self.connection.execute(statement, values)

    def columns(self, table: str) -> list[str]:
        """Return a table's columns that are not made by the database."""
        rows = self.connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' AND attname NOT IN ('id', 'xid')",
            [table],
        )
        return [name for (name,) in rows]

    def copy(self, table: str, template: str, source: str, changed: dict[str, str], *values: object) -> None:
        """Insert one row for each of `source`, like the template but for what has changed."""
        names = [name for name in self.columns(table) if name in changed or name != "chat_id" or "content" in table]
        taken = ", ".join(changed.get(name, f"was.{name}") for name in names)
        self.run(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {taken} FROM {source}, {table} AS was WHERE {template}",
            *values,
        )


def lengthen(bulk: Bulk, chat_id: str, messages: int) -> None:
    """Bring a conversation that has one message to a number of them."""
    chat = "(SELECT id FROM chats_chatmodel WHERE chat_id = %s)"
    changed = {"sequence": "n", "client_message_id": "'bulk-' || n"}
    template = f"was.chat_id = {chat} AND was.sequence = 1"
    bulk.copy("chats_contentchatmodel", template, f"generate_series(2, {messages}) AS n", changed, chat_id)
    bulk.run(
        "UPDATE chats_chatmodel SET last_sequence = %s, message_count = %s, answered_sequence = %s WHERE chat_id = %s",
        messages, messages, messages, chat_id,
    )  # fmt: skip


def crowd(bulk: Bulk, tenant_id: Any, chat_id: str) -> None:
    """Add a thousand tenants with a million messages."""
    bulk.copy(
        "tenants_tenantmodel",
        "was.id = %s",
        f"generate_series(1, {TENANTS}) AS n",
        {"name": "'other-' || n"},
        tenant_id,
    )
    others = f"(SELECT id AS tenant, g FROM tenants_tenantmodel, generate_series(1, {CHATS_EACH}) AS g"
    others += " WHERE name LIKE 'other-%%') AS o"
    bulk.copy(
        "chats_chatmodel", "was.chat_id = %s", others,
        {"tenant_id": "o.tenant", "user_id": "'bulk-' || g", "last_activity": "now() - random() * interval '90 days'"},
        chat_id,
    )  # fmt: skip
    chats = "(SELECT c.id AS chat, c.tenant_id AS tenant, n FROM chats_chatmodel AS c, "
    chats += f"generate_series(1, {MESSAGES_EACH}) AS n WHERE c.user_id LIKE 'bulk-%%') AS o"
    bulk.copy(
        "chats_contentchatmodel",
        "was.chat_id = (SELECT id FROM chats_chatmodel WHERE chat_id = %s) AND was.sequence = 1",
        chats,
        {"tenant_id": "o.tenant", "chat_id": "o.chat", "sequence": "o.n", "client_message_id": "'bulk-' || o.n"},
        chat_id,
    )  # fmt: skip
    bulk.run("VACUUM ANALYZE")


def server_ms(pid: int) -> float:
    """Return the processor time of one of PostgreSQL's processes, finer than in ticks."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6


def spent(pid: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the milliseconds that this thread and its connection's server process took for work, and its result."""
    before, began = server_ms(pid), time.thread_time()
    result = work()
    return (time.thread_time() - began) * 1e3 + server_ms(pid) - before, result


def costs(tenant_id: Any, chat_id: str) -> tuple[float, float, int]:
    """Return the median cost of accepting a message and of its turn, in ms, and the statements of accepting."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from chats.services.messages import post_message
    from chats.services.turns import answer_turn
    from tenants.scope import tenant_scope

    say = partial(post_message, chat_id=chat_id, content="How much is it?")
    accepting, answering = [], []
    with tenant_scope(tenant_id):
        connection.ensure_connection()
        assert connection.connection is not None
        pid = connection.connection.info.backend_pid
        for _ in range(TIMES):
            cost, posted = spent(pid, say)
            accepting.append(cost)
            answering.append(spent(pid, partial(answer_turn, posted.message.pk))[0])
        with CaptureQueriesContext(connection) as queries:
            say()
    return median(accepting[10:]), median(answering[10:]), len(queries)


def unindexed(made: Installation, people: Cast) -> list[str]:
    """Return the hot queries whose plan reads a large table from end to end, as the application's role."""
    found = []
    with psycopg.connect(made.servers.environment["DATABASE_URL"]) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(people.tenant_id)])
        row = connection.execute("SELECT id FROM chats_chatmodel WHERE chat_id = %s", [people.chats[1]]).fetchone()
        assert row is not None
        for name, query in HOT.items():
            values = {"tenant": f"'{people.tenant_id}'", "chat": str(row[0]), "chat_id": f"'{people.chats[1]}'"}
            plan = connection.execute("EXPLAIN (FORMAT JSON) " + query.format(**values)).fetchone()
            text = json.dumps(plan)
            if any(f'"Seq Scan", "Parallel Aware": false, "Async Capable": false, "Relation Name": "{table}"' in text
                   for table in LARGE):  # fmt: skip
                found.append(name)
    return found


def prepare(made: Installation) -> tuple[Cast, Bulk]:
    """Make an early and a late conversation."""
    from chats.services.messages import post_message
    from tenants.models import TenantModel
    from tenants.scope import tenant_scope

    people = make_cast(2)
    TenantModel.objects.filter(pk=people.tenant_id).update(settings={"max_conversation_length": 1_000_000})
    bulk = Bulk(made)
    with tenant_scope(people.tenant_id):
        for chat_id in people.chats:
            post_message(chat_id=chat_id, content="Hello, is anybody there?")
    lengthen(bulk, people.chats[0], EARLY)
    lengthen(bulk, people.chats[1], LATE)
    bulk.run("VACUUM ANALYZE")
    return people, bulk


def add_ratios(report: Report, title: str, base: tuple[float, float, int], other: tuple[float, float, int]) -> None:
    """Report how much dearer one state is than another."""
    report.add(f"accepting {title}", other[0] / base[0], "×", most=MOST_RATIO)
    report.add(f"a turn {title}", other[1] / base[1], "×", most=MOST_RATIO)
    report.add(f"statements {title}", other[2] - base[2], "more", most=0)


def main() -> None:
    """Measure small, then large."""
    with reporting() as report, installation() as made:
        people, bulk = prepare(made)
        costs(people.tenant_id, people.chats[0])
        early, late = (costs(people.tenant_id, chat) for chat in people.chats)
        report.note(f"a conversation's message {EARLY} and {LATE:,}; then {TENANTS:,} more tenants")
        report.add("accepting a message, early", early[0], "ms")
        report.add("a turn (claim, search, answer, store), early", early[1], "ms")
        add_ratios(report, "late", early, late)
        crowd(bulk, people.tenant_id, people.chats[0])
        crowded_early, crowded_late = (costs(people.tenant_id, chat) for chat in people.chats)
        add_ratios(report, "among a million messages, early", early, crowded_early)
        add_ratios(report, "among a million messages, late", early, crowded_late)
        bad = unindexed(made, people)
        report.add(f"hot queries without an index, of {len(HOT)}", len(bad), "", most=0)
        for name in bad:
            report.note(f"    {name}")
        bulk.connection.close()


if __name__ == "__main__":
    main()
