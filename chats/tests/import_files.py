"""Exports as the other programs write them, small, with people who are nobody."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

CHATWOOT: dict[str, Any] = {
    "id": 41,
    "account_id": 1,
    "inbox_id": 7,
    "status": "resolved",
    "labels": ["billing"],
    "created_at": 1767225600,
    "additional_attributes": {},
    "meta": {
        "channel": "Channel::Whatsapp",
        "sender": {"id": 9, "name": "Rosa", "email": None, "phone_number": "+573001112233", "identifier": None},
    },
    "messages": [
        {"id": 502, "content": "Since Monday.", "message_type": 0, "private": False, "created_at": 1767225720},
        {"id": 500, "content": "My plant is yellow", "message_type": 0, "private": False, "created_at": 1767225600},
        {"id": 501, "content": "Since when?", "message_type": 1, "private": False, "created_at": 1767225660,
         "sender": {"id": 3, "name": "Tomás", "type": "user"}},
        {"id": 503, "content": "looks like too much water", "message_type": 1, "private": True,
         "created_at": 1767225780},
        {"id": 504, "content": None, "message_type": 0, "private": False, "created_at": 1767225840,
         "attachments": [{"file_type": "image", "data_url": "https://example.org/leaf.png"}]},
        {"id": 505, "content": "Conversation was marked resolved", "message_type": 2, "private": False,
         "created_at": 1767225900},
    ],
}  # fmt: skip
CONTACT: dict[str, Any] = {
    "id": 10, "name": "Iván", "email": "ivan@example.org", "phone_number": None, "identifier": "crm-77",
}  # fmt: skip
TICKET: dict[str, Any] = {
    "id": 812,
    "subject": "Where is my order?",
    "description": "I ordered a pot.",
    "status": "open",
    "requester_id": 55,
    "requester": {"id": 55, "name": "Rosa", "email": "rosa@example.org"},
    "created_at": "2026-01-01T10:00:00Z",
    "comments": [
        {"id": 1, "author_id": 55, "plain_body": "I ordered a pot.", "body": "I ordered a pot.", "public": True,
         "created_at": "2026-01-01T10:00:00Z"},
        {"id": 2, "author_id": 99, "body": "It is a slow customer.", "public": False,
         "created_at": "2026-01-01T10:05:00Z"},
        {"id": 3, "author_id": 99, "body": "It comes tomorrow.", "public": True, "created_at": "2026-01-01T10:10:00Z"},
    ],
}  # fmt: skip
USER: dict[str, Any] = {"id": 56, "name": "Iván", "email": "ivan@example.org", "role": "end-user", "tags": ["vip"]}
WHATSAPP = """01/12/25, 10:00 - Messages and calls are end-to-end encrypted.
01/12/25, 10:05 - Rosa: Do you deliver?
01/12/25, 10:05 - Rosa: To the coast,
and to the islands?
02/12/25, 10:12 - La Hoja: We do.
02/12/25, 10:13 - Rosa: <Media omitted>
"""


def lines(*values: Any) -> str:
    """Return values as JSON Lines."""
    return "\n".join(json.dumps(value) for value in values)


def write(folder: Path, text: str, name: str = "export.json") -> Path:
    """Write an export and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def run(source: str, *paths: Path, **options: Any) -> dict[str, Any]:
    """Run the command and return the first file's report; `error` is what it failed with."""
    out, err, error = StringIO(), StringIO(), ""
    values = {"source": source, "file": list(paths), **options}
    try:
        call_command("import_conversations", "--json", "--no-progress", **values, stdout=out, stderr=err)
    except CommandError as raised:
        error = str(raised)
    told: dict[str, Any] = json.loads(out.getvalue())["files"][str(paths[0])]
    return {**told, "error": error}
