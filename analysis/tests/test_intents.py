"""A tenant's intents: learnt from examples, found in messages, learnt anew after changes."""

from typing import Any

import pytest
from django.urls import reverse

from analysis.demo import INTENTS
from analysis.models import Intent, MessageIntent, TrainedKind, TrainedModel
from analysis.services.bulk import Selection, analyze_all
from analysis.services.corrections import correct_intent
from analysis.services.guessing import guess_intent
from analysis.services.intent_training import relearn
from analysis.services.jobs import work_off
from analysis.services.trained import forget_models, store
from analysis.tests.messages import ask, configure
from audit.models import AuditLog
from chats.models import ChatModel, ChatStatus
from chats.services.pipeline import process_message
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tests.support.administration import browser_of
from tests.support.cast import client_of, client_with_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def learnt(tenant: TenantModel) -> TenantModel:
    """A tenant whose classifier knows the demo's intents."""
    with in_tenant(tenant):
        for name, examples in INTENTS.items():
            Intent.objects.create(name=name, examples=list(examples))
    train(tenant)
    return tenant


def train(tenant: TenantModel) -> None:
    """Learn, as the work row does."""
    with tenant_scope(tenant):
        effect = relearn()
    with in_tenant(tenant):
        effect()


def found(tenant: TenantModel) -> list[tuple[str | None, str]]:
    """Return each message's intent and who said so."""
    with in_tenant(tenant):
        rows = MessageIntent.objects.order_by("message_id")
        return [(row.intent.name if row.intent else None, row.classifier) for row in rows.select_related("intent")]


def test_a_message_gets_its_intent_once_and_none_where_nothing_fits(learnt: TenantModel, chat: ChatModel) -> None:
    texts = ("¿Cuánto tarda un envío a Sevilla?", "How do I get a refund, please?", "🙂🙂🙂")
    for text in texts:
        message = ask(learnt, chat, text)
        for _time in range(2):
            with tenant_scope(learnt):
                process_message(message.pk)
    assert [name for name, _by in found(learnt)] == ["delivery", "returns", None]
    assert all(by.startswith("intents 1 ") for _name, by in found(learnt))


def test_a_tenant_without_intents_has_none_found(tenant: TenantModel, chat: ChatModel) -> None:
    with tenant_scope(tenant):
        process_message(ask(tenant, chat, "How do I get a refund?").pk)
    assert found(tenant) == []


def test_messages_in_arrears_get_the_same_intents_and_corrections_stay(learnt: TenantModel, chat: ChatModel) -> None:
    asked = [ask(learnt, chat, text) for text in ("How do I get a refund?", "¿Cuánto tarda un envío?", "🙂🙂")]
    with tenant_scope(learnt):
        assert sum(analyze_all(Selection())) == 3
    with in_tenant(learnt):
        correct_intent(message_id=asked[0].pk, intent=None, by=None)
        Intent.objects.filter(name="delivery").update(examples=["something else altogether"])
    assert [name for name, _by in found(learnt)] == [None, "delivery", None]
    train(learnt)
    with tenant_scope(learnt):
        assert sum(analyze_all(Selection(again=True))) == 3
    names = [name for name, _by in found(learnt)]
    assert names[0] is None
    assert names[1] != "delivery"


def test_an_intent_that_is_for_a_person_hands_the_chat_over(learnt: TenantModel, chat: ChatModel) -> None:
    configure(learnt, escalation_rules={"intents": ["returns"]})
    with tenant_scope(learnt):
        assert process_message(ask(learnt, chat, "How do I get a refund?").pk) is None
    with in_tenant(learnt):
        assert ChatModel.objects.get(pk=chat.pk).status == ChatStatus.WAITING


def test_the_tenants_threshold_decides_what_is_believed(learnt: TenantModel, chat: ChatModel) -> None:
    configure(learnt, intent_threshold=1)
    with tenant_scope(learnt):
        process_message(ask(learnt, chat, "How do I get a refund, please?").pk)
    assert [name for name, _by in found(learnt)] == [None]


def test_a_neighbour_has_its_own_classifier(learnt: TenantModel, neighbour: TenantModel) -> None:
    with in_tenant(neighbour):
        assert guess_intent("How do I get a refund?") is None


def test_weights_of_another_version_stop_nothing(learnt: TenantModel, chat: ChatModel) -> None:
    with in_tenant(learnt):
        store(kind=TrainedKind.INTENTS, weights=b"of another version", version="intents 0")
        assert guess_intent("How do I get a refund?") is None


def test_an_intent_that_was_renamed_is_not_mistaken_for_none(learnt: TenantModel, chat: ChatModel) -> None:
    with in_tenant(learnt):
        Intent.objects.filter(name="returns").update(name="refunds")
    with tenant_scope(learnt):
        process_message(ask(learnt, chat, "How do I get a refund, please?").pk)
    assert found(learnt) == []


def training_rows(tenant: TenantModel) -> list[WorkItem]:
    """Return what is ordered to be learnt."""
    return list(WorkItem.objects.filter(kind="analysis", ref_id__startswith="intents:", tenant_id=tenant.pk))


def work(tenant: TenantModel, row: WorkItem) -> None:
    """Work a row off whose time has come."""
    WorkItem.objects.filter(pk=row.pk).update(run_after="2000-01-01T00:00Z")
    with tenant_scope(tenant):
        work_off(row.ref_id)
        forget_models()


def test_intents_are_made_changed_and_deleted_by_rest_and_learnt(
    tenant: TenantModel, admin: User, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.services.retraining.TOGETHER_SECONDS", 10_000)
    client, path = client_of(admin), "/api/v1/intents/"
    assert client_of(colleague).post(path, {"name": "refund"}).status_code == 403
    made = [
        client.post(path, {"name": name, "examples": list(INTENTS[name])}).json() for name in ("returns", "delivery")
    ]
    assert client.post(path, {"name": "returns"}).status_code == 400
    assert client.post(path, {"name": "bad", "examples": [""]}).status_code == 400
    (row,) = training_rows(tenant)
    assert client.post(f"{path}classify/", {"text": "refund"}).status_code == 404
    work(tenant, row)
    tried = client_of(colleague).post(f"{path}classify/", {"text": "How do I get a refund?"}).json()
    assert tried["name"] == "returns"
    assert client.get(f"{path}model/").json()["figures"]["examples"] == 28
    changed = client.patch(f"{path}{made[0]['id']}/", {"is_active": False}).json()
    assert changed["is_active"] is False
    assert client.delete(f"{path}{made[1]['id']}/").status_code == 204
    with in_tenant(tenant):
        actions = AuditLog.objects.filter(object_type="intent").order_by("id").values_list("action", flat=True)
        assert list(actions) == ["intent_added", "intent_added", "intent_changed", "intent_deleted"]
    train(tenant)
    with in_tenant(tenant):
        assert guess_intent("How do I get a refund?") is None
        assert not TrainedModel.objects.filter(is_active=True).exists()


def test_changes_in_a_row_are_learnt_at_once(tenant: TenantModel, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.services.retraining.TOGETHER_SECONDS", 10_000)
    for number in range(5):
        client_of(admin).post("/api/v1/intents/", {"name": f"intent {number}", "examples": [f"wish {number}"]})
    assert len(training_rows(tenant)) == 1


def test_a_neighbours_intents_are_not_found(learnt: TenantModel, outsider: User) -> None:
    with in_tenant(learnt):
        theirs = Intent.objects.all()[0]
    client = client_of(outsider)
    assert client.get("/api/v1/intents/").json()["results"] == []
    answers = [getattr(client, verb)(f"/api/v1/intents/{theirs.pk}/", {}) for verb in ("get", "patch", "delete")]
    assert [answer.status_code for answer in answers] == [404] * 3


def test_a_key_may_be_limited_to_reading_intents(tenant: TenantModel) -> None:
    client = client_with_key(tenant, "intents:read")
    assert client.get("/api/v1/intents/").status_code == 200
    assert client.post("/api/v1/intents/", {"name": "refund"}).status_code == 403


def test_a_sentence_is_tried_in_the_administration(learnt: TenantModel, viewer: User, outsider: User) -> None:
    path = reverse("admin:analysis_intent_try")
    page: Any = browser_of(viewer).post(path, {"text": "How do I get a refund?"})
    assert '<strong class="ch-badge ch-completed">returns</strong>' in page.content.decode()
    nothing = browser_of(outsider).post(path, {"text": "How do I get a refund?"}).content.decode()
    assert "Nothing has been learnt yet." in nothing
    assert "returns" not in nothing


def test_only_the_last_classifiers_are_kept(learnt: TenantModel) -> None:
    for _time in range(8):
        train(learnt)
    with in_tenant(learnt):
        assert TrainedModel.objects.count() == 5
        assert TrainedModel.objects.filter(is_active=True).count() == 1
