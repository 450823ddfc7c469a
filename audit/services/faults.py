"""Writing to the error log: outside the transaction that failed, without what people wrote and without secrets."""

import hashlib
import json
import traceback
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from tenants.request_ids import current_request_id
from tenants.scope import in_tenant, scope

LONGEST_TRACE: Final = 20_000
LONGEST_MESSAGE: Final = 2_000
logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Fault:
    """An error as it will be stored; made where it happens, written when no transaction is open any more."""

    error_type: str
    error_message: str
    stack_trace: str
    fingerprint: str
    tenant_id: UUID | None = None
    user_id: UUID | None = None
    request_data: dict[str, Any] = field(default_factory=dict)


def fault_of(
    error: BaseException,
    *,
    tenant_id: UUID | None = None,
    request: HttpRequest | None = None,
    request_data: dict[str, Any] | None = None,
) -> Fault:
    """Describe an error in the current tenant (or the given one), and what met it: a request, or what is named."""
    current = scope()
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    user_id = getattr(getattr(request, "user", None), "pk", None)
    return Fault(
        error_type=kind[:255],
        error_message=_message(error),
        stack_trace="".join(traceback.format_tb(error.__traceback__))[-LONGEST_TRACE:],
        fingerprint=_fingerprint(kind, error),
        tenant_id=tenant_id or (current if isinstance(current, UUID) else None),
        user_id=user_id if isinstance(user_id, UUID) else None,
        request_data=_request_data(request) if request is not None else _with_request_id(request_data or {}),
    )


def record_fault(fault: Fault) -> None:
    """Store an error, or count it once more; a database that is away is logged and otherwise endured."""
    try:
        if fault.tenant_id is None:
            with transaction.atomic():
                _store(fault)
        else:
            with in_tenant(fault.tenant_id):
                _store(fault)
    except DatabaseError as error:
        logger.warning("fault_not_stored", error_type=fault.error_type, reason=type(error).__name__)


def _store(fault: Fault) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT charla_record_error(%s, %s, %s, %s, %s, %s, %s)",
            [
                fault.tenant_id,
                fault.user_id,
                fault.fingerprint,
                fault.error_type,
                fault.error_message,
                fault.stack_trace,
                json.dumps(fault.request_data),
            ],
        )


def _message(error: BaseException) -> str:
    """Return the error's words without the lines in which PostgreSQL quotes the row's values."""
    lines = str(error).replace("\x00", "").splitlines()
    return "\n".join(line for line in lines if not line.startswith(("DETAIL:", "CONTEXT:")))[:LONGEST_MESSAGE]


def _fingerprint(kind: str, error: BaseException) -> str:
    places = [f"{frame.filename}:{frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-5:]]
    return hashlib.sha256("\n".join([kind, *places]).encode()).hexdigest()


def _with_request_id(data: dict[str, Any]) -> dict[str, Any]:
    request_id = current_request_id()
    return {**data, "request_id": request_id} if request_id else data


def _request_data(request: HttpRequest) -> dict[str, Any]:
    """Return what identifies the request; of query and body only the names, never a value."""
    match = request.resolver_match
    return {
        "method": request.method,
        "route": match.route if match else "",
        "query": sorted(request.GET),
        "content_type": request.content_type or "",
        "request_id": current_request_id(),
    }
