"""The base of every API view: the caller's tenant for the whole of it, in one transaction."""

from contextlib import ExitStack
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.api import idempotency
from tenants.api.costs import charge_caller
from tenants.callers import Caller
from tenants.client_address import client_address
from tenants.scope import scope, tenant_scope
from tenants.services.config import setting
from tenants.services.idempotency import Wanted
from tenants.services.visits import tell_of_visit

RETRY_AFTER_SECONDS = 60


class MaintenanceError(APIException):
    """Writing rests while the installation is maintained (decision 22)."""

    status_code = 503
    default_code = "maintenance"
    wait = RETRY_AFTER_SECONDS

    def __init__(self) -> None:
        super().__init__(_("Charla is being maintained. Try again in a minute."))


class TenantAPIView(APIView):
    """An API view in its caller's tenant.

    After authentication the scope is set and a transaction opened; it is committed before the answer leaves, and
    rolled back when the answer is an error. An action in `own_transactions` opens its own; those of them in
    `one_with_its_answer` do not when the request has an Idempotency-Key: effect and answer are then committed together.
    """

    own_transactions: frozenset[str] = frozenset()
    one_with_its_answer: frozenset[str] = frozenset()
    tenantless = False
    operator_needs_no_tenant = False
    _in_transaction = False
    _to_keep: Wanted | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Handle one request inside its unit of work."""
        with ExitStack() as self._unit:
            response = super().dispatch(request, *args, **kwargs)
            if self._to_keep is not None:
                idempotency.end(self._to_keep, response)
            return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Do what precedes the view's own work; a repeated POST ends here, with its first answer."""
        super().initial(request, *args, **kwargs)
        if idempotency.has_key(request) and isinstance(scope(), UUID) and isinstance(request.auth, Caller):
            self._to_keep = idempotency.begin(request, idempotency.name_of(request.auth))

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls, then open that caller's tenant."""
        super().perform_authentication(request)
        caller = request.auth
        if not isinstance(caller, Caller):
            return
        if caller.key_id is not None:
            structlog.contextvars.bind_contextvars(key=str(caller.key_id))
        charge_caller(request._request, caller)
        if self.tenantless or self._is_everywhere(request, caller):
            return
        if caller.tenant_id is None:
            detail = _("Name the tenant in the header X-Tenant.")
            raise ValidationError({"X-Tenant": [detail]}, code="required")
        if request.method not in ("GET", "HEAD", "OPTIONS") and setting(None, "maintenance_mode"):
            raise MaintenanceError
        if caller.is_visiting:
            tell_of_visit(caller, self._act(request), client_address(request._request))
        self._unit.enter_context(tenant_scope(caller.tenant_id))
        action = getattr(self, "action", None)
        joins = action in self.one_with_its_answer and idempotency.has_key(request)
        if joins or action not in self.own_transactions:
            self._unit.enter_context(transaction.atomic())
            self._in_transaction = True

    def _is_everywhere(self, request: Request, caller: Caller) -> bool:
        return self.operator_needs_no_tenant and caller.is_operator and not request.headers.get("X-Tenant")

    def _act(self, request: Request) -> str:
        route = request.resolver_match.route if request.resolver_match else ""
        return f"{request.method} {route}"

    def handle_exception(self, exc: Exception) -> Response:
        """Answer with the error, and undo what the request did."""
        if self._in_transaction:
            transaction.set_rollback(True)
        if isinstance(exc, idempotency.AnsweredBefore):
            return exc.response  # type: ignore[return-value]  # finalize_response() takes any of Django's
        return super().handle_exception(exc)

    @property
    def caller(self) -> Caller:
        """Return who calls."""
        caller = self.request.auth
        if not isinstance(caller, Caller):
            raise TypeError("The view is open to callers without a credential.")
        return caller
