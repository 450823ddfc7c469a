"""Contacts over the API: who may do what with them, and what is given out."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditLog
from chats.models import ChatModel, Contact, ErasureLedger
from chats.services.media_files import FileToStore, add_rows, store_files
from chats.services.messages import post_message
from chats.tasks import erase_person
from tenants.models import TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tests.support.administration import browser_of
from tests.support.cast import Visitor, client_of, client_with_key

pytestmark = pytest.mark.django_db(transaction=True)
CONTACTS = "/api/v1/contacts/"
ANA = {"channel": "whatsapp", "external_id": "573001234567", "name": "Ana", "labels": ["new"]}


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def contact_of(chat: ChatModel) -> str:
    return f"{CONTACTS}{chat.contact_id}/"


def test_staff_add_find_and_change_people(colleague: User, tenant: TenantModel) -> None:
    client = client_of(colleague)
    made = client.post(CONTACTS, ANA, format="json")
    assert made.status_code == 201
    path = f"{CONTACTS}{made.json()['id']}/"
    assert client.patch(path, {"email": "ana@example.com"}, format="json").json()["email"] == "ana@example.com"
    listed = client.get(CONTACTS, {"label": "new", "channel": "whatsapp", "anonymized": "false"}).json()["results"]
    assert [(row["name"], row["labels"]) for row in listed] == [("Ana", ["new"])]
    with in_tenant(tenant):
        rows = AuditLog.objects.filter(object_type="contact").order_by("pk")
        assert [(row.action, row.actor_id) for row in rows] == [
            ("contact_created", colleague.pk),
            ("contact_changed", colleague.pk),
        ]
        assert "ana" not in str([row.details for row in rows]).lower()


def test_one_id_in_one_channel_is_one_person(colleague: User) -> None:
    client = client_of(colleague)
    client.post(CONTACTS, ANA, format="json")
    again = client.post(CONTACTS, ANA, format="json")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "conflict")
    assert client.post(CONTACTS, {**ANA, "channel": "api"}, format="json").status_code == 201


@pytest.mark.parametrize(
    ("fields", "attr"),
    [({"channel": "pigeon"}, "channel"), ({"external_id": ""}, "external_id"), ({"labels": "x"}, "labels"),
     ({"email": "no"}, "email"), ({"labels": [1, {}]}, "labels.1")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(colleague: User, fields: dict[str, Any], attr: str) -> None:
    answer = client_of(colleague).post(CONTACTS, {**ANA, **fields}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, attr)


def test_who_a_contact_is_does_not_change(colleague: User, chat: ChatModel) -> None:
    answer = client_of(colleague).patch(contact_of(chat), {"external_id": "another"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "external_id")


def test_a_viewer_looks_and_a_visitor_does_not(viewer: User, visitor: Visitor, chat: ChatModel) -> None:
    assert client_of(viewer).get(contact_of(chat)).status_code == 200
    assert client_of(viewer).patch(contact_of(chat), {"name": "x"}, format="json").status_code == 403
    assert visitor.client.get(CONTACTS).status_code == 403


def test_a_neighbours_person_is_not_found(owner: User, their_chat: ChatModel) -> None:
    client, reads, writes = client_of(owner), ("", "export/", "erasure/"), ("anonymize/",)
    answers = [client.get(contact_of(their_chat) + path) for path in reads]
    answers += [client.post(contact_of(their_chat) + path) for path in writes]
    answers += [client.delete(contact_of(their_chat)), client.patch(contact_of(their_chat), {}, format="json")]
    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize(("method", "path"), [("delete", ""), ("get", "export/"), ("post", "anonymize/")])
def test_a_persons_whole_data_takes_an_administrator(colleague: User, chat: ChatModel, method: str, path: str) -> None:
    assert getattr(client_of(colleague), method)(contact_of(chat) + path).status_code == 403


@pytest.mark.parametrize(("method", "path"), [("get", "export/"), ("post", "anonymize/")])
def test_a_key_that_reads_does_not_take_a_persons_whole_data(
    tenant: TenantModel, chat: ChatModel, method: str, path: str
) -> None:
    assert getattr(client_with_key(tenant, "contacts:read"), method)(contact_of(chat) + path).status_code == 403


def test_only_a_person_without_conversations_is_deleted(admin: User, chat: ChatModel) -> None:
    client = client_of(admin)
    assert client.delete(contact_of(chat)).status_code == 409
    made = client.post(CONTACTS, ANA, format="json").json()
    assert client.delete(f"{CONTACTS}{made['id']}/").status_code == 204
    assert client.get(f"{CONTACTS}{made['id']}/").status_code == 404


def test_the_export_has_all_that_is_stored_and_is_audited(admin: User, tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content="¿Abren mañana?").message
        add_rows(message, store_files([FileToStore("file", "text/plain", "../list.txt", b"bread")]))
        type(message).objects.filter(pk=message.pk).update(content_type="file")
    answer = client_of(admin).get(f"{contact_of(chat)}export/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert "no-store" in answer["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[attr-defined]
        told = json.loads(archive.read("person.json"))
        (name,) = [name for name in archive.namelist() if name.startswith("files/")]
        assert archive.read(name) == b"bread"
    assert told["contact"]["external_id"] == "person-1"
    (said,) = told["chats"][0]["messages"]
    assert said["content"] == "¿Abren mañana?"
    assert said["media"][0]["id"] in name
    assert "/.." not in name
    with in_tenant(tenant):
        assert AuditLog.objects.get(action="contact_exported").actor_id == admin.pk


def test_anonymising_is_asked_for_done_by_work_and_told(admin: User, tenant: TenantModel, chat: ChatModel) -> None:
    client = client_of(admin)
    asked = client.post(f"{contact_of(chat)}anonymize/")
    assert (asked.status_code, asked.json()["state"]) == (202, "running")
    with tenant_scope(tenant):
        erase_person.run(f"erasure:{asked.json()['id']}")
    told = client.get(f"{contact_of(chat)}erasure/").json()
    assert (told["state"], told["receipt"]["left"], len(told["signature"])) == ("done", {}, 64)
    assert client.post(f"{contact_of(chat)}anonymize/").status_code == 200
    assert client.patch(contact_of(chat), {"name": "Ana"}, format="json").status_code == 409
    with in_tenant(tenant):
        assert Contact.objects.get(pk=chat.contact_id).external_id.startswith("anonymous-")
        asked_for = AuditLog.objects.get(action="erasure_requested")
    assert asked_for.actor_id == admin.pk


def test_a_person_who_is_not_being_erased_has_no_erasure(admin: User, chat: ChatModel) -> None:
    assert client_of(admin).get(f"{contact_of(chat)}erasure/").status_code == 404


def erase_in_administration(user: User, chat: ChatModel, **more: str) -> Any:
    chosen = {"action": "anonymize", "_selected_action": [str(chat.contact_id)], **more}
    return browser_of(user).post(reverse("admin:chats_contact_changelist"), chosen)


def test_an_administrator_is_asked_before_somebody_is_erased(admin: User, tenant: TenantModel, chat: ChatModel) -> None:
    asked = erase_in_administration(admin, chat)
    assert b"person-1" in asked.content
    with in_tenant(tenant):
        assert not ErasureLedger.objects.exists()
    assert erase_in_administration(admin, chat, confirmed="yes").status_code == 302
    with in_tenant(tenant):
        assert ErasureLedger.objects.get().requested_by == admin.pk


def test_nobody_below_an_administrator_erases_in_the_administration(
    colleague: User, tenant: TenantModel, chat: ChatModel
) -> None:
    erase_in_administration(colleague, chat, confirmed="yes")
    with in_tenant(tenant):
        assert not ErasureLedger.objects.exists()


def test_the_page_that_asks_says_what_goes_and_what_stays(admin: User, chat: ChatModel) -> None:
    url = reverse("admin:chats_contact_anonymize_one", args=[chat.contact_id])
    page = browser_of(admin).get(url).content.decode()
    assert "Anonymise this person for good?" in page
    assert "That is one conversation." in page
    assert "What stays: numbers" in page
    assert f'name="_selected_action" value="{chat.contact_id}"' in page


def test_who_was_anonymised_already_is_not_asked_about_again(admin: User, tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        Contact.objects.update(anonymized_at=timezone.now())
    asked = erase_in_administration(admin, chat)
    assert (asked.status_code, asked["Location"]) == (302, reverse("admin:chats_contact_changelist"))


def test_an_administrator_gives_a_persons_data_out_of_the_administration(
    admin: User, tenant: TenantModel, chat: ChatModel
) -> None:
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="what I once said")
    answer: Any = browser_of(admin).get(reverse("admin:chats_contact_give_out", args=[chat.contact_id]))
    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as packed:
        assert b"what I once said" in packed.read("person.json")
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="contact_exported")
    assert (row.actor_id, row.object_id) == (admin.pk, str(chat.contact_id))


@pytest.mark.parametrize("name", ["give_out", "anonymize_one"])
def test_nobody_below_an_administrator_and_no_neighbour_gets_there(
    colleague: User, outsider: User, chat: ChatModel, name: str
) -> None:
    url = reverse(f"admin:chats_contact_{name}", args=[chat.contact_id])
    assert browser_of(colleague).get(url).status_code == 403
    assert browser_of(outsider).get(url).status_code == 404
