"""Agents, models and knowledge over REST: what each caller may, and that a neighbour's rows are not there."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from agents.models import AgentModel, KnowledgeBase, KnowledgeDocument
from agents.tests.support import default_model, learn
from chats.models import ChatModel
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import Visitor, client_of, client_with_key

AGENTS, BASES, SEARCH = "/api/v1/agents/", "/api/v1/knowledge-bases/", "/api/v1/knowledge/search/"


def upload(text: str, name: str = "faq.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, text.encode())}


def agent_of(tenant: TenantModel) -> AgentModel:
    with in_tenant(tenant):
        return AgentModel.objects.get(is_default=True)


def base_of(tenant: TenantModel) -> KnowledgeBase:
    return learn(tenant)[0]


def test_an_agent_is_made_from_a_name_and_changed(tenant: TenantModel, admin: User) -> None:
    client, base = client_of(admin), base_of(tenant)
    made = client.post(AGENTS, {"name": "Atención al cliente"})
    assert made.status_code == 201, made.json()
    body = made.json()
    assert (body["slug"], body["ai_model"], body["knowledge_bases"]) == ("atencion-al-cliente", None, [])
    default_model()
    changes = {"ai_model": "builtin", "knowledge_bases": [str(base.id)], "is_default": True}
    changed = client.patch(f"{AGENTS}{body['id']}/", changes)
    assert changed.status_code == 200, changed.json()
    assert changed.json()["model_provider"] == "builtin"
    assert changed.json()["knowledge_bases"] == [str(base.id)]
    with in_tenant(tenant):
        assert AgentModel.objects.get(is_default=True).slug == "atencion-al-cliente"


def test_two_agents_of_one_name_get_slugs_of_their_own(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    assert [client.post(AGENTS, {"name": "Luz"}).json()["slug"] for _ in range(3)] == ["luz", "luz-2", "luz-3"]


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "name", "required"),
        ({"name": " "}, "name", "blank"),
        ({"name": "x", "temperature": 3}, "temperature", "max_value"),
        ({"name": "x", "ai_model": "gpt-9"}, "ai_model", "not_found"),
        ({"name": "x", "knowledge_bases": [str(uuid4())]}, "knowledge_bases", "not_found"),
    ],
)
def test_a_bad_agent_is_refused_by_field(
    tenant: TenantModel, admin: User, body: dict[str, Any], attr: str, code: str
) -> None:
    answer = client_of(admin).post(AGENTS, body)
    assert answer.status_code == 400
    assert [(error["attr"], error["code"]) for error in answer.json()["errors"]] == [(attr, code)]


def test_a_neighbours_base_cannot_be_given_to_an_agent(
    tenant: TenantModel, neighbour: TenantModel, admin: User
) -> None:
    answer = client_of(admin).post(AGENTS, {"name": "x", "knowledge_bases": [str(base_of(neighbour).id)]})
    assert answer.status_code == 400


def test_an_agent_with_conversations_is_not_deleted(tenant: TenantModel, admin: User, chat: ChatModel) -> None:
    client = client_of(admin)
    assert client.delete(f"{AGENTS}{agent_of(tenant).id}/").status_code == 409
    made = client.post(AGENTS, {"name": "short-lived"}).json()
    assert client.delete(f"{AGENTS}{made['id']}/").status_code == 204


def test_an_agent_answers_with_its_sources(tenant: TenantModel) -> None:
    default_model()
    learn(tenant)
    client = client_with_key(tenant, "agents:read")
    path = f"{AGENTS}{agent_of(tenant).id}/respond/"
    history = [{"role": "user", "content": "¿Hacen envíos?"}, {"role": "assistant", "content": "Sí."}]
    answer = client.post(path, {"message": "¿y cuánto cuesta?", "history": history})
    assert answer.status_code == 200, answer.json()
    assert answer.json()["kind"] == "answer"
    assert answer.json()["citations"][0]["source"] == "tienda.csv"
    assert client.post(path, {"message": ""}).status_code == 400
    assert client.post(f"{AGENTS}{uuid4()}/respond/", {"message": "hola"}).status_code == 404


def test_models_are_listed_without_secrets_and_cannot_be_changed(tenant: TenantModel, viewer: User) -> None:
    model = default_model()
    client = client_of(viewer)
    (shown,) = client.get("/api/v1/ai-models/").json()["results"]
    assert shown["name"] == "builtin"
    assert client.delete(f"/api/v1/ai-models/{model.pk}/").status_code in {403, 405}


def test_a_base_is_made_filled_searched_and_deleted(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    base = client.post(BASES, {"name": "faq"}).json()
    assert client.post(BASES, {"name": "faq"}).json()["errors"][0]["code"] == "conflict"
    documents = f"{BASES}{base['id']}/documents/"
    body = {"title": "¿Hay talleres?", "content": "Los sábados a las diez.", "source": "manual"}
    assert [client.post(documents, body).status_code for _ in range(2)] == [201, 200]
    (shown,) = client.get(documents).json()["results"]
    assert (shown["title"], shown["language"], shown["status"]) == ("¿Hay talleres?", "es", "ready")
    (found,) = client.get(SEARCH, {"q": "talleres", "base": "faq"}).json()["results"]
    assert (found["document"], found["base"], found["content"]) == (shown["id"], "faq", "Los sábados a las diez.")
    assert client.delete(f"{documents}{shown['id']}/").status_code == 204
    assert client.get(SEARCH, {"q": "talleres"}).json() == {"results": []}
    assert client.delete(f"{BASES}{base['id']}/").status_code == 204


BAD_SEARCHES: list[tuple[dict[str, str], int]] = [
    ({}, 400),
    ({"q": " "}, 400),
    ({"q": "x", "limit": "0"}, 400),
    ({"q": "x", "limit": "ten"}, 400),
    ({"q": "x", "limit": "1" * 5_000}, 400),
    ({"q": "x", "base": "no"}, 404),
]


@pytest.mark.parametrize(("query", "status"), BAD_SEARCHES)
def test_a_bad_search_says_what_is_wrong(tenant: TenantModel, viewer: User, query: dict[str, str], status: int) -> None:
    assert client_of(viewer).get(SEARCH, query).status_code == status


def test_a_file_is_imported_and_reported(tenant: TenantModel, admin: User) -> None:
    path = f"{BASES}{base_of(tenant).id}/import/"
    client = client_of(admin)
    report = client.post(path, upload("question,answer\nQ1?,A1\nQ2?,\n"), format="multipart")
    assert report.status_code == 200, report.json()
    assert (report.json()["created"], report.json()["errors"]) == (1, 1)
    assert report.json()["problems"][0]["line"] == 3
    with in_tenant(tenant):
        assert KnowledgeDocument.objects.get(title="Q1?").source == "faq.csv"


def test_a_strict_import_with_errors_changes_nothing(tenant: TenantModel, admin: User) -> None:
    path = f"{BASES}{base_of(tenant).id}/import/"
    answer = client_of(admin).post(
        path, {**upload("question,answer\nQ1?,A1\nQ2?,\n"), "level": "strict"}, format="multipart"
    )
    assert answer.status_code == 400
    assert "3" in answer.json()["errors"][0]["detail"]
    with in_tenant(tenant):
        assert not KnowledgeDocument.objects.filter(title="Q1?").exists()


def test_what_is_no_file_or_too_large_is_refused(
    tenant: TenantModel, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{BASES}{base_of(tenant).id}/import/"
    client = client_of(admin)
    assert client.post(path, {}, format="multipart").status_code == 400
    assert client.post(path, {"file": "text"}).status_code == 415
    assert client.post(path, {**upload("a,b\n"), "format": "exe"}, format="multipart").status_code == 400
    monkeypatch.setattr("agents.api.knowledge_views.LARGEST_UPLOAD", 5)
    assert client.post(path, upload("question,answer\nQ?,A\n"), format="multipart").status_code == 413


@pytest.mark.parametrize("encoding", ["hex", "undefined", "idna", "nonsense"])
def test_an_encoding_by_which_no_text_is_read_is_refused(tenant: TenantModel, admin: User, encoding: str) -> None:
    path = f"{BASES}{base_of(tenant).id}/import/"
    form = {**upload("question,answer\nQ?,A\n"), "encoding": encoding, "level": "strict"}
    answer = client_of(admin).post(path, form, format="multipart")
    assert answer.status_code == 400
    assert encoding in answer.json()["errors"][0]["detail"]


Call = Callable[[APIClient, dict[str, str]], Any]
CALLS: dict[str, Call] = {
    "agent": lambda client, ids: client.get(f"{AGENTS}{ids['agent']}/"),
    "agent change": lambda client, ids: client.patch(f"{AGENTS}{ids['agent']}/", {"name": "mine"}),
    "agent delete": lambda client, ids: client.delete(f"{AGENTS}{ids['agent']}/"),
    "respond": lambda client, ids: client.post(f"{AGENTS}{ids['agent']}/respond/", {"message": "hola"}),
    "base": lambda client, ids: client.get(f"{BASES}{ids['base']}/"),
    "base delete": lambda client, ids: client.delete(f"{BASES}{ids['base']}/"),
    "documents": lambda client, ids: client.get(f"{BASES}{ids['base']}/documents/"),
    "document": lambda client, ids: client.get(f"{BASES}{ids['base']}/documents/{ids['document']}/"),
    "document add": lambda client, ids: client.post(f"{BASES}{ids['base']}/documents/", {"content": "x"}),
    "import": lambda client, ids: client.post(
        f"{BASES}{ids['base']}/import/", upload("q,a\nQ?,A\n"), format="multipart"
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_neighbours_rows_are_not_there(
    tenant: TenantModel, outsider: User, neighbour: TenantModel, name: str
) -> None:
    base = base_of(tenant)
    with in_tenant(tenant):
        ids = {
            "agent": str(AgentModel.objects.get().id), "base": str(base.id),
            "document": str(KnowledgeDocument.objects.filter(base=base)[0].id),
        }  # fmt: skip
    for client in (client_of(outsider), client_with_key(neighbour)):
        assert CALLS[name](client, ids).status_code == 404
    with in_tenant(tenant):
        assert KnowledgeDocument.objects.count() == 8
        assert AgentModel.objects.get().name == "Aurora"


def test_a_neighbours_search_finds_nothing(tenant: TenantModel, outsider: User) -> None:
    learn(tenant)
    client = client_of(outsider)
    assert client.get(SEARCH, {"q": "horario"}).json() == {"results": []}
    assert client.get(SEARCH, {"q": "horario", "base": "shop"}).status_code == 404


def test_who_may_read_may_not_write(tenant: TenantModel, viewer: User, colleague: User) -> None:
    for user in (viewer, colleague):
        client = client_of(user)
        assert client.get(AGENTS).status_code == 200
        assert client.post(AGENTS, {"name": "x"}).status_code == 403
        assert client.post(BASES, {"name": "x"}).status_code == 403


def test_visitors_and_strangers_see_no_agents_and_no_knowledge(tenant: TenantModel, visitor: Visitor) -> None:
    for path in (AGENTS, BASES, "/api/v1/ai-models/", f"{SEARCH}?q=x"):
        assert visitor.client.get(path).status_code == 403
        assert APIClient().get(path).status_code == 401


def test_listing_agents_costs_no_query_more_for_each(
    tenant: TenantModel, viewer: User, django_assert_max_num_queries: Any
) -> None:
    with in_tenant(tenant):
        for number in range(10):
            AgentModel.objects.create(name=f"agent {number}")
    client = client_of(viewer)
    client.get(AGENTS)
    with django_assert_max_num_queries(12):
        assert len(client.get(AGENTS).json()["results"]) == 11


def test_a_documents_text_is_kept_to_the_letter_and_a_blank_one_refused(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    documents = f"{BASES}{client.post(BASES, {'name': 'faq'}).json()['id']}/documents/"
    text = "  indented\n\tonce more \n"
    assert client.post(documents, {"content": text}).json()["content"] == text
    blank = client.post(documents, {"content": " \n "})
    assert (blank.status_code, blank.json()["errors"][0]["code"]) == (400, "blank")
