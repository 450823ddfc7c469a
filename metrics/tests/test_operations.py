"""The page of operations: what goes on, and what its buttons do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from audit.models import AuditLog
from metrics.models import CommandRun
from metrics.probes import PROBES, Probe, forget
from metrics.services.command_runs import note_run
from metrics.services.operations import disks
from metrics.services.watching import data_folder
from tenants.backup_models import Backup
from tenants.models import Schedule, TenantModel, User, WorkItem, WorkState
from tenants.scope import OPERATIONS, all_tenants
from tenants.services.schedules import know_entries
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS], transaction=True)
PAGE = "admin:metrics_commandrun_changelist"
NAME = "tenants.old_invitations"


@pytest.fixture(autouse=True)
def _quick_health() -> Any:
    """Ask no worker: there is none in the suite."""
    forget()
    with PROBES.lent(files=Probe(lambda timeout: None, ""), worker=Probe(_fail, "Start a worker.")):
        yield
    forget()


def _fail(timeout: float) -> None:
    raise OSError("nobody there")


def act(user: User, tenant: TenantModel, what: str, name: str = NAME) -> int:
    """Press a button of the schedule."""
    status: int = browser_of(user, tenant).post(reverse("admin:operations_schedule", args=[name, what])).status_code
    return status


def acts() -> list[str]:
    """Return what the audit log of the installation says."""
    with all_tenants():
        return list(AuditLog.objects.filter(tenant=None).values_list("action", flat=True))


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("Health", "Start a worker.", "Queue", "Disk", "Schedule", "Last runs of the commands")),
    ("es", ("Estado", "Cola", "Disco", "Horario", "Últimas ejecuciones de los comandos")),
])  # fmt: skip
def test_the_operator_sees_what_goes_on(
    operator: User, tenant: TenantModel, language: str, words: tuple[str, ...]
) -> None:
    note_run("backup_data", seconds=2, error=CommandError("no room"))
    page = browser_of(operator, tenant).get(reverse(PAGE), headers={"Accept-Language": language}).content.decode()
    assert [word for word in (*words, "backup_data", "no room") if word not in page] == []


def test_who_has_no_proved_backup_is_told_so_and_may_make_one(operator: User, tenant: TenantModel) -> None:
    page = browser_of(operator, tenant).get(reverse(PAGE), headers={"Accept-Language": "en"}).content.decode()
    assert "No backup was ever proved restorable." in page
    assert "Back up now" in page


def test_backups_and_the_latest_proof_are_shown(operator: User, tenant: TenantModel) -> None:
    proved = datetime(2026, 11, 20, 2, 7, tzinfo=UTC)
    Backup.objects.create(pk=uuid4(), kind="full", path="/b/one.backup", made_at=proved, proved_at=proved)
    Backup.objects.create(pk=uuid4(), kind="media", path="/b/two.backup", made_at=proved, removed_at=proved,
                          proved_at=proved + timedelta(days=1))  # fmt: skip
    page = browser_of(operator, tenant).get(reverse(PAGE), headers={"Accept-Language": "en"}).content.decode()
    assert "Last proved restorable: 11/20/2026" in page
    assert "restored in a drill" in page
    assert "two.backup" not in page


def test_nobody_else_sees_it_or_presses_its_buttons(owner: User, tenant: TenantModel) -> None:
    know_entries()
    browser = browser_of(owner)
    assert browser.get(reverse(PAGE)).status_code == 403
    assert act(owner, tenant, "off") == 403
    assert browser.post(reverse("admin:operations_work_again")).status_code == 403
    assert Schedule.objects.get(pk=NAME).is_enabled


def test_a_button_needs_a_post(operator: User, tenant: TenantModel) -> None:
    place = reverse("admin:operations_schedule", args=[NAME, "now"])
    assert browser_of(operator, tenant).get(place).status_code == 405


def test_an_entry_is_switched_and_that_is_audited(operator: User, tenant: TenantModel) -> None:
    know_entries()
    assert act(operator, tenant, "off") == 302
    assert not Schedule.objects.get(pk=NAME).is_enabled
    assert act(operator, tenant, "on") == 302
    assert Schedule.objects.get(pk=NAME).is_enabled
    assert {"schedule_switched_off", "schedule_switched_on"} <= set(acts())


def test_an_entry_runs_now_for_each_tenant(operator: User, tenant: TenantModel, neighbour: TenantModel) -> None:
    assert act(operator, tenant, "now") == 302
    planted = WorkItem.objects.using(OPERATIONS).filter(kind="schedule", ref_id__startswith=f"{NAME}:now-")
    assert {row.tenant_id for row in planted} == {tenant.pk, neighbour.pk}
    assert {row.ref_id.split(":")[0] for row in planted} == {NAME}
    assert "schedule_run_now" in acts()


@pytest.mark.parametrize(("name", "what"), [("no.such", "now"), (NAME, "twice")])
def test_what_there_is_not_is_not_found(operator: User, tenant: TenantModel, name: str, what: str) -> None:
    assert act(operator, tenant, what, name) == 404


def test_work_that_was_given_up_runs_again(operator: User, tenant: TenantModel) -> None:
    act(operator, tenant, "now")
    WorkItem.objects.using(OPERATIONS).update(state=WorkState.DEAD)
    browser = browser_of(operator, tenant)
    assert "Run all that was given up again" in browser.get(reverse(PAGE)).content.decode()
    assert browser.post(reverse("admin:operations_work_again")).status_code == 302
    assert set(WorkItem.objects.using(OPERATIONS).values_list("state", flat=True)) == {WorkState.READY}


def test_a_commands_last_run_is_remembered() -> None:
    call_command("verify_audit", "--no-progress")
    run = CommandRun.objects.get(pk="verify_audit")
    assert (run.error, run.has_failed) == ("", False)


def test_a_failure_keeps_the_time_of_the_last_success() -> None:
    note_run("backup_data", seconds=1, error=None)
    succeeded = CommandRun.objects.get().succeeded_at
    note_run("backup_data", seconds=1, error=CommandError("no room"))
    run = CommandRun.objects.get()
    assert (run.succeeded_at, run.has_failed, run.error) == (succeeded, True, "CommandError: no room")


def test_a_run_that_was_stopped_is_told_in_words() -> None:
    connection.ensure_connection()  # a run that never reached the database is not noted
    note_run("backup_data", seconds=1, error=KeyboardInterrupt())
    assert CommandRun.objects.get(command="backup_data").error == "It was stopped before its end."


def test_a_disk_is_as_full_as_the_alert_says() -> None:
    (of_files, *_rest) = disks()
    assert abs(of_files.used_percent - psutil.disk_usage(str(data_folder())).percent) <= 1
