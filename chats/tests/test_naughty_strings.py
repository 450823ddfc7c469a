"""The big list of naughty strings, stored and given back as it is; set CHARLA_DATASETS to run it."""

import json
import os
from pathlib import Path

import pytest

from chats.models import ChatModel
from chats.services.errors import InvalidMessageError
from chats.services.messages import post_message
from tenants.models import TenantModel
from tenants.scope import in_tenant

DATASETS = os.environ.get("CHARLA_DATASETS", "")

pytestmark = [
    pytest.mark.datasets,
    pytest.mark.skipif(not DATASETS, reason="not run: CHARLA_DATASETS names no folder with the data sets"),
]


def naughty_strings() -> list[str]:
    """Return the strings and the attack payloads of the data sets."""
    folder = Path(DATASETS, "bad_input")
    entries = json.loads((folder / "blns.json").read_text(encoding="utf-8"))
    strings = [entry if isinstance(entry, str) else entry["text"] for entry in entries]
    payloads = (folder / "attack_payloads.jsonl").read_text(encoding="utf-8").splitlines()
    return strings + [json.loads(line)["text"] for line in payloads[:300]]


def test_each_is_kept_to_the_letter_or_refused_with_a_reason(tenant: TenantModel, chat: ChatModel) -> None:
    tenant.settings = {"max_conversation_length": 100_000}
    tenant.save()
    kept = refused = 0
    with in_tenant(tenant):
        for text in naughty_strings():
            try:
                message = post_message(chat_id=chat.chat_id, content=text).message
            except InvalidMessageError as error:
                assert error.code in {"blank", "invalid", "too_long"}
                refused += 1
                continue
            message.refresh_from_db()
            assert message.content == text
            kept += 1
    assert kept > 400
    assert refused < 20
