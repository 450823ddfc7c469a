"""check chats: what would keep conversations from working is told, and the exit status says so."""

import io
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.models.signals import post_save

from chats import checks
from chats.checks import check_chats
from chats.models import ContentChatModel
from chats.signals.content_chat_emit import message_post_save_receiver

CHATS = [apps.get_app_config("chats")]


def ids(*, named: bool = True) -> list[str | None]:
    """Return what the check finds."""
    return [found.id for found in check_chats(CHATS if named else None)]


def test_an_installation_in_order_passes() -> None:
    assert ids() == []
    out = io.StringIO()
    call_command("check", "chats", stdout=out)
    assert "no issues" in out.getvalue()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("MAX_MESSAGE_LENGTH", 0, "charla.E010"),
        ("SESSION_TIMEOUT", 5, "charla.E010"),
        ("MESSAGE_RETENTION_DAYS", "365", "charla.E010"),
        ("MESSAGE_RETENTION_DAYS", True, "charla.E010"),
        ("REAL_TIME_UPDATES", "yes", "charla.E011"),
        ("SUPPORTED_CONTENT_TYPES", ["image"], "charla.E012"),
        ("SUPPORTED_CONTENT_TYPES", ["text", "smell"], "charla.E012"),
    ],
)
def test_a_setting_out_of_its_range_is_told_and_fails_the_check(
    settings: Any, name: str, value: Any, found: str
) -> None:
    settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, name: value}
    assert ids(named=False) == [found]
    with pytest.raises(SystemCheckError, match=name):
        call_command("check", "chats")


def test_a_receiver_that_is_not_connected_is_told() -> None:
    uid = "chats.message_post_save"
    post_save.disconnect(sender=ContentChatModel, dispatch_uid=uid)
    try:
        assert ids(named=False) == ["charla.E013"]
    finally:
        post_save.connect(message_post_save_receiver, sender=ContentChatModel, dispatch_uid=uid)
    assert ids(named=False) == []


@pytest.mark.parametrize("keys", ["", "k1:too-short"])
def test_keys_that_are_missing_or_wrong_are_told(settings: Any, keys: str) -> None:
    settings.ENCRYPTION_KEYS = keys
    assert ids() == ["charla.E014"]
    settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "ENABLE_MESSAGE_ENCRYPTION": False}
    assert ids() == []


class Gone(InMemoryChannelLayer):
    """A layer whose server is away."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Fail as a broken connection does."""
        raise ConnectionRefusedError


class Silent(Gone):
    """A layer that takes messages and gives none."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Lose it."""


@pytest.mark.parametrize("layer", [Gone, Silent])
def test_a_layer_that_does_not_work_is_told_when_the_app_is_named(monkeypatch: pytest.MonkeyPatch, layer: Any) -> None:
    monkeypatch.setattr(checks, "SECONDS", 0.1)
    monkeypatch.setattr(checks, "get_channel_layer", layer)
    assert (ids(), ids(named=False)) == (["charla.E015"], [])


@pytest.mark.parametrize("layer", [InMemoryChannelLayer, lambda: None])
def test_a_layer_that_joins_no_processes_is_a_warning_outside_of_development(
    monkeypatch: pytest.MonkeyPatch, settings: Any, layer: Any
) -> None:
    monkeypatch.setattr(checks, "get_channel_layer", layer)
    settings.DEBUG = False
    assert ids() == ["charla.W010"]
    settings.DEBUG = True
    assert ids() == []
