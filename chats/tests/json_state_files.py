"""Files as the JSON migration document shows them, and what tests ask of the command."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection

from tenants.models import TenantModel
from tenants.scope import in_tenant

JUAN = "573001234567"
ANA = "573007654321"
THREADS: dict[str, Any] = {
    JUAN: {"threadId": "thread_abc123", "chatId": f"{JUAN}@s.whatsapp.net", "userName": "Juan Pérez"},
    ANA: {"threadId": "thread_def456", "chatId": f"{ANA}@s.whatsapp.net", "userName": "Ana"},
}
GUESTS: dict[str, Any] = {
    JUAN: {"name": "Juan Pérez", "labels": ["Potencial", "Consulta"], "lastInteraction": "2025-01-27"},
}
TABLES = ("chats_contact", "chats_thread", "chats_contactstate", "chats_jsonstatechange")


def written(folder: Path, threads: Any = None, guests: Any = None) -> dict[str, Path]:
    """Write one or both files and return the command's options."""
    options = {}
    for option, name, told in (("threads", "threads-data.json", threads), ("guests", "guest-memory.json", guests)):
        if told is not None:
            path = folder / name
            path.write_text(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False), "utf-8")
            options[option] = path
    return options


def run(*arguments: str, **options: Any) -> dict[str, Any]:
    """Run the command and return its JSON; `error` is what it failed with."""
    out, err = StringIO(), StringIO()
    error = ""
    try:
        call_command("migrate_json_state", "--json", "--no-progress", *arguments, **options, stdout=out, stderr=err)
    except CommandError as raised:
        error = str(raised)
    told: dict[str, Any] = json.loads(out.getvalue() or "{}")
    return {**told, "error": error, "said": err.getvalue()}


def rows(tenant: TenantModel) -> dict[str, list[str]]:
    """Return every row of the tables that a migration writes, as text."""
    with in_tenant(tenant), connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT row::text FROM {table} AS row WHERE tenant_id = %s ORDER BY 1", [tenant.pk])
            found[table] = [text for (text,) in cursor.fetchall()]
    return found
