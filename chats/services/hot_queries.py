"""The queries that people wait for, on today's data: their plans, and the indexes that help them or nobody."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, connections, transaction
from django.db.models import QuerySet

from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, MediaContentModel
from tenants.models import TenantModel
from tenants.registry import Registry
from tenants.scope import OPERATIONS, in_tenant

LARGE: Final = 10_000  # rows from which on reading a whole table is slow
SLOW_MS: Final = 100.0
LEAST_BYTES: Final = 1_000_000
LARGEST: Final = """
SELECT tenant_id FROM chats_chatmodel GROUP BY tenant_id ORDER BY count(*) DESC LIMIT 1
"""
UNUSED: Final = """
SELECT usage.indexrelname, usage.relname, pg_relation_size(usage.indexrelid) AS size
FROM pg_stat_user_indexes AS usage JOIN pg_index AS described ON described.indexrelid = usage.indexrelid
WHERE usage.schemaname = 'public' AND usage.idx_scan = 0 AND NOT described.indisunique
  AND pg_relation_size(usage.indexrelid) >= %s ORDER BY size DESC
"""
READ_WHOLE: Final = """
SELECT relname, seq_scan, seq_tup_read / seq_scan AS rows_each, n_live_tup FROM pg_stat_user_tables
WHERE schemaname = 'public' AND seq_scan > 10 AND n_live_tup >= %s AND seq_tup_read / seq_scan >= %s
ORDER BY seq_tup_read DESC
"""
Example = Callable[[ChatModel], QuerySet[Any]]
HOT: Registry[Example] = Registry("hot query")


@dataclass(frozen=True)
class Plan:
    """How the database answers one query: its time in ms, whether it reads a large table whole, and the plan's text."""

    query: str
    milliseconds: float
    whole_tables: tuple[str, ...]
    text: str

    @property
    def is_slow(self) -> bool:
        """Tell whether it should be looked at."""
        return bool(self.whole_tables) or self.milliseconds > SLOW_MS


@HOT.register("inbox")
def inbox(chat: ChatModel) -> QuerySet[Any]:
    """The first page of a tenant's conversations."""
    return ChatModel.objects.exclude(status="deleted").order_by("-last_activity")[:50]


@HOT.register("conversation")
def conversation(chat: ChatModel) -> QuerySet[Any]:
    """One conversation by the id that people know."""
    return ChatModel.objects.filter(chat_id=chat.chat_id)


@HOT.register("messages")
def messages(chat: ChatModel) -> QuerySet[Any]:
    """The latest page of a conversation."""
    return ContentChatModel.objects.filter(chat=chat).order_by("-sequence")[:50]


@HOT.register("resume")
def resume(chat: ChatModel) -> QuerySet[Any]:
    """What an open page missed."""
    return ContentChatModel.objects.filter(chat=chat, sequence__gt=chat.last_sequence - 5).order_by("sequence")[:200]


@HOT.register("person")
def person(chat: ChatModel) -> QuerySet[Any]:
    """A person by its id in its channel."""
    return Contact.objects.filter(channel=chat.channel, external_id=chat.user_id)


@HOT.register("conversations_of_person")
def conversations_of_person(chat: ChatModel) -> QuerySet[Any]:
    """A person's conversations, the latest first."""
    return ChatModel.objects.filter(contact_id=chat.contact_id).order_by("-last_activity")[:20]


@HOT.register("files")
def files(chat: ChatModel) -> QuerySet[Any]:
    """The files of a conversation."""
    return MediaContentModel.objects.filter(chat=chat).order_by("position")


@HOT.register("open")
def open_chats(chat: ChatModel) -> QuerySet[Any]:
    """The conversations that fell silent."""
    return ChatModel.objects.filter(status=ChatStatus.ACTIVE).order_by("last_activity")[:200]


@HOT.register("waiting")
def waiting_chats(chat: ChatModel) -> QuerySet[Any]:
    """The conversations that wait for a person."""
    return ChatModel.objects.filter(status=ChatStatus.WAITING).order_by("-last_activity")[:25]


@HOT.register("people")
def people(chat: ChatModel) -> QuerySet[Any]:
    """Who wrote last, whichever conversation is looked at."""
    return Contact.objects.order_by("-last_activity", "-id")[:25]


def largest_tenant() -> TenantModel | None:
    """Return the tenant with most conversations: what is fast there is fast everywhere."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(LARGEST)
        row = cursor.fetchone()
    return TenantModel.objects.filter(pk=row[0]).first() if row else None


def plans(tenant: TenantModel) -> list[Plan]:
    """Run each hot query once for a tenant's latest conversation, as the application's role; [] without any."""
    with in_tenant(tenant):
        chat = ChatModel.objects.order_by("-last_activity").first()
        return [_plan(name, example(chat)) for name, example in HOT.items()] if chat else []


def _plan(name: str, rows: QuerySet[Any]) -> Plan:
    with transaction.atomic():
        (answer,) = json.loads(rows.explain(format="json", analyze=True, buffers=True))
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'")
            sizes: dict[str, float] = dict(cursor.fetchall())
    whole = sorted({table for table in _read_whole(answer["Plan"]) if sizes.get(table, 0) >= LARGE})
    return Plan(name, round(answer["Execution Time"], 3), tuple(whole), "\n".join(_lines(answer["Plan"], 0)))


def _read_whole(node: dict[str, Any]) -> list[str]:
    own = [node["Relation Name"]] if node["Node Type"] == "Seq Scan" else []
    return own + [table for child in node.get("Plans", []) for table in _read_whole(child)]


def _lines(node: dict[str, Any], depth: int) -> list[str]:
    """Return a plan without the values of its conditions, which may name people."""
    where = node.get("Index Name") or node.get("Relation Name") or ""
    read = node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0)
    figures = f"rows={node['Actual Rows']:g} ms={node['Actual Total Time']:g} blocks={read}"
    own = f"{'  ' * depth}{node['Node Type']} {where} ({figures})".replace("  (", " (")
    return [own, *(line for child in node.get("Plans", []) for line in _lines(child, depth + 1))]


def unused_indexes() -> list[dict[str, Any]]:
    """Return indexes that nothing has read since the server's figures began, the largest first."""
    rows = _ask(UNUSED, [LEAST_BYTES])
    return [{"index": name, "table": table, "bytes": size} for name, table, size in rows]


def tables_read_whole() -> list[dict[str, Any]]:
    """Return large tables that are read whole again and again: an index may be missing."""
    rows = _ask(READ_WHOLE, [LARGE, LARGE])
    return [{"table": name, "times": times, "rows_each": each, "rows": live} for name, times, each, live in rows]


def _ask(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
