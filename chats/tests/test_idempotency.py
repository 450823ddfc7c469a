"""The header Idempotency-Key: one effect and one answer, however often a POST is sent (api.md)."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from agents.models import KnowledgeBase, KnowledgeDocument
from chats.models import ChatModel, Contact, ContentChatModel
from tenants.models import APIKey, IdempotencyRecord, TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tenants.services.credentials import make_api_key
from tenants.services.idempotency import Wanted, answered_before, remove_old_answers
from tests.support.cast import client_of, client_with_key, make_visitor, publishable_key

CHATS = "/api/v1/chats/"


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def test_the_same_key_and_body_give_the_first_answer_again(tenant: TenantModel) -> None:
    client, key = client_with_key(tenant), new_key()
    first = client.post(CHATS, {"user_id": "u-1"}, headers=key)
    again = client.post(CHATS, {"user_id": "u-1"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    with in_tenant(tenant):
        assert ChatModel.objects.count() == 1


def test_another_body_or_address_with_the_key_is_refused(tenant: TenantModel, chat: ChatModel) -> None:
    client, key = client_with_key(tenant), new_key()
    client.post(CHATS, {"user_id": "u-1", "title": "a"}, headers=key)
    assert code_of(client.post(CHATS, {"user_id": "u-2"}, headers=key)) == (422, "idempotency_mismatch")
    other = client.post("/api/v1/contacts/", {"user_id": "u-1", "title": "a"}, headers=key)
    assert other.status_code in (404, 405, 422)
    same = client.post(CHATS, {"title": "a", "user_id": "u-1"}, headers=key)
    assert same.status_code == 201, "the order of a JSON object's members means nothing"


def test_a_message_is_accepted_once_and_committed_with_its_answer(tenant: TenantModel, chat: ChatModel) -> None:
    client, key = client_with_key(tenant), new_key()
    path = f"{CHATS}{chat.chat_id}/messages/"
    first, again = (client.post(path, {"content": "once"}, headers=key) for _time in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    with in_tenant(tenant):
        assert ContentChatModel.objects.filter(chat=chat, sender="user").count() == 1


def test_an_error_is_not_kept(tenant: TenantModel) -> None:
    client, key = client_with_key(tenant), new_key()
    assert client.post(CHATS, {}, headers=key).status_code == 400
    assert client.post(CHATS, {"user_id": "u-1"}, headers=key).status_code == 201


def test_a_key_belongs_to_who_sent_it(tenant: TenantModel, neighbour: TenantModel, admin: User) -> None:
    key = new_key()
    callers = [client_with_key(tenant), client_with_key(tenant), client_of(admin), client_with_key(neighbour)]
    made = [client.post(CHATS, {"user_id": "u-1"}, headers=key).json()["chat_id"] for client in callers]
    assert len(set(made)) == 4


def test_a_secret_shown_once_is_shown_again_and_stored_sealed(tenant: TenantModel, admin: User) -> None:
    client, key, body = client_of(admin), new_key(), {"name": "till", "permissions": ["chats:read"]}
    first = client.post("/api/v1/api-keys/", body, headers=key).json()
    assert client.post("/api/v1/api-keys/", body, headers=key).json() == first
    with in_tenant(tenant):
        assert APIKey.objects.count() == 1
        record = IdempotencyRecord.objects.get()
    kept = f"{record.answer} {record.key_hash} {record.caller}"
    assert first["key"] not in kept
    assert "till" not in kept
    assert key["Idempotency-Key"] not in kept


@pytest.mark.parametrize("key", ["", " \t", "x" * 256, "ñ"])
def test_a_key_that_is_none_is_refused(tenant: TenantModel, key: str) -> None:
    answer = client_with_key(tenant).post(CHATS, {"user_id": "u-1"}, headers={"Idempotency-Key": key})
    assert code_of(answer) == (400, "invalid")


def test_after_a_day_the_key_is_new(tenant: TenantModel) -> None:
    client, key = client_with_key(tenant), new_key()
    first = client.post(CHATS, {"user_id": "u-1"}, headers=key).json()
    with in_tenant(tenant):
        IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert client.post(CHATS, {"user_id": "u-2"}, headers=key).json()["chat_id"] != first["chat_id"]


def test_old_answers_are_removed(tenant: TenantModel, neighbour: TenantModel) -> None:
    for each in (tenant, neighbour):
        client_with_key(each).post(CHATS, {"user_id": "u-1"}, headers=new_key())
        with in_tenant(each):
            IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    client_with_key(tenant).post(CHATS, {"user_id": "u-1"}, headers=new_key())
    with tenant_scope(tenant):
        assert remove_old_answers() == "1 stored answers removed"
    for each, left in ((tenant, 1), (neighbour, 1)):
        with in_tenant(each):
            assert IdempotencyRecord.objects.count() == left


def test_an_upload_is_the_same_when_its_file_is(tenant: TenantModel, admin: User) -> None:
    with in_tenant(tenant):
        base = KnowledgeBase.objects.create(name="general", language="en")
    client, key = client_of(admin), new_key()

    def upload(text: bytes) -> Any:
        file = SimpleUploadedFile("faq.csv", text, "text/csv")
        path = f"/api/v1/knowledge-bases/{base.pk}/import/"
        return client.post(path, {"file": file}, format="multipart", headers=key)

    first, again = upload(b"question,answer\nOpen?,Yes\n"), upload(b"question,answer\nOpen?,Yes\n")
    assert first.status_code == 200, first.content
    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    assert upload(b"question,answer\nOpen?,No!\n").status_code == 422
    with in_tenant(tenant):
        assert KnowledgeDocument.objects.count() == 1


def test_a_visitor_session_is_made_once(tenant: TenantModel) -> None:
    body, key = {"key": publishable_key(tenant)}, new_key()
    first, again = (APIClient().post("/api/v1/widget/sessions/", body, headers=key) for _time in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    elsewhere = APIClient().post("/api/v1/widget/sessions/", body, headers=key, REMOTE_ADDR="198.51.100.7")
    assert elsewhere.json()["token"] != first.json()["token"]
    short = APIClient().post("/api/v1/widget/sessions/", body, headers={"Idempotency-Key": "1"})
    assert code_of(short) == (400, "invalid")
    with in_tenant(tenant):
        assert Contact.objects.filter(channel="web").count() == 2


def test_a_visitor_may_use_a_key_too(tenant: TenantModel) -> None:
    visitor, key = make_visitor(tenant), new_key()
    first, again = (visitor.client.post(CHATS, {}, headers=key) for _time in range(2))
    assert (first.status_code, again.json()) == (201, first.json())


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_have_one_effect(tenant: TenantModel) -> None:
    key, start, answers = new_key(), threading.Barrier(4), []
    with in_tenant(tenant):
        _key, secret = make_api_key(name="program", scopes=["*"], user=None)
    clients = [APIClient() for _thread in range(4)]

    def post(client: APIClient) -> None:
        client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
        start.wait()
        answers.append(client.post(CHATS, {"user_id": "u-1"}, headers=key))
        connection.close()

    threads = [threading.Thread(target=post, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    seen = {answer.status_code if answer.status_code == 201 else code_of(answer) for answer in answers}
    assert seen <= {201, (409, "in_progress")}
    assert len({answer.json()["chat_id"] for answer in answers if answer.status_code == 201}) == 1
    with in_tenant(tenant):
        assert ChatModel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_being_worked_on_is_told_so(tenant: TenantModel) -> None:
    client, key = client_with_key(tenant), new_key()
    with in_tenant(tenant):
        program = APIKey.objects.get()
    answers = []

    def ask() -> None:
        answers.append(client.post(CHATS, {"user_id": "u-1"}, headers=key))
        connection.close()

    with in_tenant(tenant):
        assert answered_before(Wanted(f"key:{program.pk}", key["Idempotency-Key"], "")) is None
        other = threading.Thread(target=ask)
        other.start()
        other.join(20)
    assert code_of(answers[0]) == (409, "in_progress")
    assert answers[0]["Retry-After"] == "1"
