"""The base of Charla's tasks: the tenant travels in the task's header (decision 7)."""

from typing import Any
from uuid import UUID

import structlog
from celery import Task, shared_task
from django.db import close_old_connections

from tenants.access import Reach
from tenants.request_ids import current_request_id
from tenants.scope import scope, tenant_scope
from tenants.services.cleaning import clean_current_tenant
from tenants.services.crowding import CROWDED, queue_for, thread_of
from tenants.services.schedules import run_scheduled

TENANT_HEADER = "charla_tenant"
REQUEST_HEADER = "charla_request"


class TenantTask(Task):  # type: ignore[type-arg]
    """A task that runs in the scope of the tenant that rang for it; it opens its own transactions."""

    abstract = True
    charla_reach = Reach.TENANT
    queue: str

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Ring, with the current tenant and request id in the headers."""
        current = scope()
        headers = {**(options.pop("headers", None) or {})}
        if isinstance(current, UUID):
            headers[TENANT_HEADER] = str(current)
            options["queue"] = options.get("queue") or queue_for(current, self.queue)
        if request_id := current_request_id():
            headers[REQUEST_HEADER] = request_id
        return super().apply_async(args, kwargs, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run in the tenant's scope; connections that are broken or too old are left behind first.

        A tenant that has its share of this process's threads already waits in the crowd's queue.
        """
        close_old_connections()
        tenant_id = self.request.get(TENANT_HEADER)
        if tenant_id is None:
            raise ValueError(f"{self.name} was rung without a tenant.")
        bound = {"tenant_id": tenant_id, "request_id": self.request.get(REQUEST_HEADER), "task": self.name}
        with structlog.contextvars.bound_contextvars(**bound), tenant_scope(UUID(tenant_id)):
            if self._came_from(self.queue + CROWDED):
                return super().__call__(*args, **kwargs)
            with thread_of(UUID(tenant_id)) as has_room:
                if has_room:
                    return super().__call__(*args, **kwargs)
            self.apply_async(args, kwargs, queue=self.queue + CROWDED)
            return None

    def _came_from(self, queue: str) -> bool:
        return bool((self.request.delivery_info or {}).get("routing_key") == queue)


@shared_task(base=TenantTask, queue="bulk")
def run_schedule(ref_id: str) -> None:
    """Run one tenant's slot of a schedule entry."""
    run_scheduled(ref_id)


@shared_task(base=TenantTask, queue="bulk")
def run_cleanup_task() -> None:
    """Remove what the tenant has kept long enough; the schedule does the same each night."""
    clean_current_tenant()


@shared_task(base=TenantTask, queue="bulk")
def run_backup_task(ref_id: str) -> None:
    """Back the installation up and prove it: the slot of one night (tenants/backups/scheduled.py)."""
    run_scheduled(ref_id)
