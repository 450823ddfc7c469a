"""The ways to verify a webhook that the documents print: they take what Charla signs and nothing else."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from notifications.services.signing import new_secret, signature_headers
from notifications.services.webhooks import EVENT_TYPES

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY: Final = '{"type":"chat.rated","data":{"comment":"¡Qué bien! 你好"}}'
RUN: Final = """
const { secret, headers, body } = JSON.parse(process.argv.at(-1));
console.log(isCharlas(secret, headers, Buffer.from(body)));
"""
Verifier = Callable[[str, dict[str, str], str], bool]


def printed(language: str) -> str:
    """Return the page's example in a language."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def by_python(secret: str, headers: dict[str, str], body: str) -> bool:
    """Verify as the example in Python does."""
    names: dict[str, Any] = {}
    exec(printed("python"), names)
    return bool(names["is_charlas"](secret, headers, body.encode()))


def by_javascript(secret: str, headers: dict[str, str], body: str) -> bool:
    """Verify as the example in JavaScript does."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("not run: there is no node in the PATH")
    call = json.dumps({"secret": secret, "headers": headers, "body": body})
    command = [node, "--input-type=module", "--eval", printed("js") + RUN, "--", call]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return said.stdout.strip() == "true"


def signed(*secrets: str, seconds_ago: int = 0) -> dict[str, str]:
    """Return the headers that Charla sends with the body."""
    at = datetime.now(tz=UTC) - timedelta(seconds=seconds_ago)
    return signature_headers(message_id="msg_1", at=at, body=BODY, signed_by=secrets)


@pytest.mark.parametrize("verify", [by_python, by_javascript])
def test_the_printed_example_takes_what_charla_signs_and_nothing_else(verify: Verifier) -> None:
    secret, other = new_secret(), new_secret()
    assert verify(secret, signed(secret), BODY)
    assert verify(secret, signed(other, secret), BODY)
    assert not verify(secret, signed(other), BODY)
    assert not verify(secret, signed(secret), BODY.replace("chat.rated", "chat.lost"))
    assert not verify(secret, {**signed(secret), "webhook-id": "msg_2"}, BODY)
    assert not verify(secret, signed(secret, seconds_ago=600), BODY)


def test_the_page_names_every_type_of_event() -> None:
    assert [name for name in EVENT_TYPES if f"`{name}`" not in PAGE] == []
