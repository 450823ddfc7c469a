"""Where sockets' database work runs: a few threads of their own, each with its connection for one unit of work.

Tenants take turns: one whose people write very much does not keep the neighbours' waiting.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from tenants.scope import tenant_scope
from tenants.turns import Turns

R = TypeVar("R")
THREADS = 4
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="socket")
_turns = Turns(THREADS)


async def in_thread(work: Callable[..., R], *args: Any, tenant_id: UUID | None = None, **kwargs: Any) -> R:
    """Run blocking work in a thread, in a tenant's scope when one is given; it opens its own transactions."""

    def run() -> R:
        close_old_connections()
        try:
            if tenant_id is None:
                return work(*args, **kwargs)
            with tenant_scope(tenant_id):
                return work(*args, **kwargs)
        finally:
            close_old_connections()

    async with _turns.of(tenant_id):
        return await sync_to_async(run, thread_sensitive=False, executor=_threads)()
