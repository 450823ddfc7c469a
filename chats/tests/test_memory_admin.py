"""Threads and migrations of JSON state in the administration: the proof is read there, and lists stay quick."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chats.models import Contact, JsonStateBatch, Thread
from chats.tests.json_state_files import ANA, GUESTS, JUAN, THREADS, run, written
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tenants.services.credentials import forget_credentials
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def shown(user: User, kind: str, name: str = "changelist", *args: Any, **asked: Any) -> str:
    response = browser_of(user).get(reverse(f"admin:chats_{kind}_{name}", args=args), asked)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_batch_shows_its_counts_and_its_proof(admin: User, tenant: TenantModel, tmp_path: Path) -> None:
    told = run(**written(tmp_path, THREADS, GUESTS))
    page = shown(admin, "jsonstatebatch", "change", told["batch"])
    for expected in (
        told["proof"]["sha256_of_files"], *told["copies"], "contacts made 2, threads made 2",
        ">2 people, 0 with a loss, 0 changed since<", ">done<", "guest-memory.json", f"--rollback {told['batch']}",
    ):  # fmt: skip
        assert expected in page
    assert "contacts made 2, threads made 2" in shown(admin, "jsonstatebatch")


def test_a_batch_that_was_undone_says_so(admin: User, tenant: TenantModel, tmp_path: Path) -> None:
    told = run(**written(tmp_path, THREADS))
    run("--rollback", told["batch"])
    page = shown(admin, "jsonstatebatch", "change", told["batch"])
    assert "undone" in page
    assert "--rollback" not in page


def test_a_batch_that_was_cut_off_has_no_proof(admin: User, tenant: TenantModel) -> None:
    with in_tenant(tenant):
        batch = JsonStateBatch.objects.create()
    page = shown(admin, "jsonstatebatch", "change", batch.pk)
    assert "cut off" in page
    assert "0 with a loss" not in page


def test_the_proof_that_is_kept_names_nobody(tenant: TenantModel, tmp_path: Path) -> None:
    run(**written(tmp_path, THREADS, GUESTS))
    with in_tenant(tenant):
        kept = JsonStateBatch.objects.get().counts["proof"]
    assert kept["lost"] == 0
    assert JUAN not in str(kept)
    (listed,) = run("--list")["batches"]
    assert (listed["proof"], "proof" in listed["counts"]) == (kept, False)


@pytest.mark.parametrize("asked", ["thread_abc123", JUAN, "juan"])
def test_a_thread_is_found_by_its_id_and_by_its_person(
    colleague: User, tenant: TenantModel, tmp_path: Path, asked: str
) -> None:
    run(**written(tmp_path, THREADS, GUESTS))
    page = shown(colleague, "thread", q=asked)
    assert "thread_abc123" in page
    assert "thread_def456" not in page
    assert "thread_abc123" not in shown(colleague, "thread", q=ANA)


def test_a_thread_leads_to_its_person(colleague: User, tenant: TenantModel, tmp_path: Path) -> None:
    run(**written(tmp_path, THREADS))
    with in_tenant(tenant):
        contact = Contact.objects.get(external_id=JUAN)
    assert reverse("admin:chats_contact_change", args=[contact.pk]) in shown(colleague, "thread")


def test_a_neighbours_threads_and_batches_are_not_there(tenant: TenantModel, outsider: User, tmp_path: Path) -> None:
    told = run("--tenant=acme", **written(tmp_path, THREADS))
    browser = browser_of(outsider)
    for kind in ("thread", "jsonstatebatch"):
        response = browser.get(reverse(f"admin:chats_{kind}_changelist"))
        assert not response.context["cl"].result_list
    assert browser.get(reverse("admin:chats_jsonstatebatch_change", args=[told["batch"]])).status_code == 302


@pytest.mark.parametrize("kind", ["thread", "jsonstatebatch"])
def test_a_list_costs_the_same_however_long_it_is(admin: User, tenant: TenantModel, kind: str) -> None:
    browser = browser_of(admin)

    def add(start: int, count: int) -> None:
        with in_tenant(tenant):
            for number in range(start, start + count):
                contact = Contact.objects.create(channel="whatsapp", external_id=str(number))
                Thread.objects.create(contact=contact, external_thread_id=f"thread_{number}")
                JsonStateBatch.objects.create(counts={"threads_made": 1})

    def queries() -> int:
        forget_credentials()  # which are remembered for seconds: a slow machine would ask once more
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse(f"admin:chats_{kind}_changelist")).status_code == 200
        return len(captured)

    add(0, 1)
    queries()
    few = queries()
    add(1, 30)
    assert queries() == few
