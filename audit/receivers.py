"""What `audit` hears: log-ins, changes of identities, commands that changed data, errors that nothing caught."""

import sys
from typing import Any
from uuid import UUID

from celery.signals import task_failure
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.management import CommandError
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest

from audit.middleware import ATTRIBUTE
from audit.services import AuditService, record_fault
from audit.services.faults import fault_of
from audit.services.restores import note_restore
from audit.trails import log_security
from tenants.client_address import client_address
from tenants.models import User
from tenants.services.credentials import memberships_of
from tenants.services.work import Lease
from tenants.signals import command_finished, data_restored, identity_changed, work_failed
from tenants.tasks import TENANT_HEADER


def _address(request: HttpRequest | None) -> str | None:
    return (client_address(request) or None) if request is not None else None


def _log_session(action: str, user: User, request: HttpRequest | None) -> None:
    """Write a person's log-in or log-out to each tenant that it works for; to the installation's log without one."""
    tenants: list[UUID | None] = [tenant_id for tenant_id, _name, _role in memberships_of(user.pk)]
    for tenant_id in tenants or [None]:
        AuditService.log_event(action, user, tenant_id, "user", str(user.pk), ip_address=_address(request))


@receiver(user_logged_in, dispatch_uid="audit.logged_in")
def log_login(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Write a log-in."""
    _log_session("logged_in", user, request)


@receiver(user_logged_out, dispatch_uid="audit.logged_out")
def log_logout(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """Write a log-out."""
    if user is not None:
        _log_session("logged_out", user, request)


@receiver(user_login_failed, dispatch_uid="audit.login_failed")
def log_failed_login(sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
    """Write a failed log-in: the address typed in as a keyed hash, in the installation's log."""
    tried = str(credentials.get("username") or credentials.get("email") or "")
    log_security("login_failed", address=_address(request) or "")
    AuditService.log_event("login_failed", None, None, "user", "", {"email": tried}, _address(request))


@receiver(identity_changed, dispatch_uid="audit.identity_changed")
def log_identity_change(sender: Any, action: str, user: Any, tenant_id: UUID | None, **changed: Any) -> None:
    """Write a change of users, memberships, keys or tenants, and whatever was changed in the administration."""
    log_security(action, object_type=changed.get("object_type", ""), object=str(changed.get("object_id", "")))
    AuditService.log_event(
        action,
        user if isinstance(user, User | UUID) else None,
        tenant_id,
        changed.get("object_type", ""),
        str(changed.get("object_id", "")),
        changed.get("details"),
        changed.get("ip_address"),
    )


@receiver(command_finished, dispatch_uid="audit.command_finished")
def log_command(
    sender: Any, command: str, *, changed: bool, seconds: float, error: BaseException | None = None, **kwargs: Any
) -> None:
    """Write the run of a command that changed data, and the error of one that broke (not what it refused)."""
    if isinstance(error, Exception) and not isinstance(error, CommandError):
        record_fault(fault_of(error, request_data={"route": command, "method": "COMMAND"}))
    if changed:
        details = {"seconds": round(seconds, 3)}
        AuditService.log_event("command_run", None, None, "command", command, details)


@receiver(got_request_exception, dispatch_uid="audit.request_exception")
def keep_request_fault(sender: Any, request: Any = None, **kwargs: Any) -> None:
    """Leave an unhandled error on its request; the middleware writes it once the transaction is over."""
    error = sys.exception()
    request = getattr(request, "_request", request)
    if error is not None and request is not None:
        setattr(request, ATTRIBUTE, fault_of(error, request=request))


@receiver(work_failed, dispatch_uid="audit.work_failed")
def record_failure_of_work(sender: Any, item: Lease, error: BaseException, **kwargs: Any) -> None:
    """Write the error of a work row that is tried again or given up; a process that is stopped is no error."""
    if isinstance(error, Exception):
        told = {"route": item.kind, "method": "WORK"}
        record_fault(fault_of(error, tenant_id=item.tenant_id, request_data=told))


@task_failure.connect(dispatch_uid="audit.task_failure")
def record_task_fault(sender: Any, exception: BaseException, **kwargs: Any) -> None:
    """Write a task's unhandled error."""
    header = sender.request.get(TENANT_HEADER)
    record_fault(fault_of(exception, tenant_id=UUID(header) if header else None))


@receiver(data_restored, dispatch_uid="audit.data_restored")
def log_restore(sender: Any, backup_id: str, tenant_ids: list[UUID] | None, **kwargs: Any) -> None:
    """Write a restore to the chains that it was about; a whole one is held against its new end from now on."""
    note_restore(backup_id, tenant_ids)
