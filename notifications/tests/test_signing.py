"""Signatures are Standard Webhooks' own: checked on its vectors, which CHARLA_DATASETS finds."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from notifications.services.signing import new_secret, signature_headers

DATASETS = os.environ.get("CHARLA_DATASETS", "")


def vectors() -> list[dict[str, Any]]:
    """Return the standard's vectors, none where there are no data sets."""
    path = Path(DATASETS) / "webhooks_standard" / "vectors.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if DATASETS else []
    return found


@pytest.mark.datasets
@pytest.mark.skipif(not DATASETS, reason="not run: CHARLA_DATASETS names no folder with the data sets")
@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
def test_receivers_by_the_standard_take_and_refuse_what_they_should(vector: dict[str, Any]) -> None:
    now = datetime.fromtimestamp(vector["now"], tz=UTC)
    with patch("standardwebhooks.webhooks.datetime", wraps=datetime) as clock:
        clock.now.return_value = now
        try:
            Webhook(vector["secret"]).verify(vector["payload"], vector["headers"], json_parse=False)
            verdict = "valid"
        except EmptyWebhookSecretError:
            verdict = "error_on_construct"
        except WebhookVerificationError:
            verdict = "invalid"
    assert verdict == vector["expect"]


@pytest.mark.datasets
@pytest.mark.skipif(not DATASETS, reason="not run: CHARLA_DATASETS names no folder with the data sets")
@pytest.mark.parametrize("vector", [v for v in vectors() if v["expect"] == "valid"], ids=lambda vector: vector["name"])
def test_our_headers_are_those_of_the_vectors(vector: dict[str, Any]) -> None:
    headers = vector["headers"]
    ours = signature_headers(
        message_id=headers["webhook-id"],
        at=datetime.fromtimestamp(float(headers["webhook-timestamp"]), tz=UTC),
        body=vector["payload"],
        signed_by=[vector["secret"]],
    )
    assert ours["webhook-signature"] in headers["webhook-signature"].split()
    assert (ours["webhook-id"], ours["webhook-timestamp"]) == (headers["webhook-id"], headers["webhook-timestamp"])


def test_the_standards_printed_signature() -> None:
    headers = signature_headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, tz=UTC),
        body='{"test": 2432232314}',
        signed_by=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_new_secret_has_256_bits_and_is_never_the_same() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(Webhook(first)._whsecret) == 32


def test_text_that_is_not_english_is_signed_as_it_is_sent() -> None:
    secret, body = new_secret(), '{"data":"¿Qué tal? 你好"}'
    headers = signature_headers(message_id="msg_1", at=datetime.now(tz=UTC), body=body, signed_by=[secret])
    assert Webhook(secret).verify(body.encode(), headers) == {"data": "¿Qué tal? 你好"}
