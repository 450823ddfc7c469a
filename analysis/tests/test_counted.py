"""What is counted of moods and intents: by classes that have a bound, and each message once."""

import pytest

from analysis.services import analyzing
from analysis.services.storing import Guessed
from analysis.tests.messages import ANGRY, ask
from chats.models import ChatModel
from chats.services.pipeline import process_message
from tenants.models import TenantModel
from tenants.scope import tenant_scope
from tests.support.metrics import Counted

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


def test_a_mood_counts_once_however_often_its_message_is_processed(tenant: TenantModel, chat: ChatModel) -> None:
    counted = Counted("sentiments_found_total", sentiment="negative")
    message = ask(tenant, chat, ANGRY)
    with tenant_scope(tenant):
        process_message(message.pk)
        process_message(message.pk)
    assert counted.gain() == 1


def test_an_intent_counts_without_its_name(
    tenant: TenantModel, chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyzing, "guess_intent", lambda text: Guessed(None, 0.4, "intents 1"))
    none, known = Counted("intents_found_total", outcome="none"), Counted("intents_found_total", outcome="known")
    message = ask(tenant, chat, "Is it raining?")
    with tenant_scope(tenant):
        process_message(message.pk)
    assert (none.gain(), known.gain()) == (1, 0)
