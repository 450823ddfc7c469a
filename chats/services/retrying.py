"""What a receiver could not do after the commit is done later: nothing is swallowed (domain.md, 11; decision 9).

A failure is written to the error log, and a `signal_retry` work row tries again; after five times it is dead, and seen.
"""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import transaction

from audit.services.faults import fault_of, record_fault
from chats.models import ContentChatModel
from chats.services.pipeline import RETRY, message_processors
from metrics.services import MetricsService
from tenants.commits import call_after_commit
from tenants.registry import Registry
from tenants.scope import in_tenant
from tenants.services.work import Lease, claim, enqueue, fail, finish

after_commit_steps: Registry[Callable[[ContentChatModel], None]] = Registry("step after a message's commit")
logger = structlog.get_logger(__name__)


def after_commit(name: str, message: ContentChatModel) -> None:
    """Run a registered step once the message is committed; run it again later when it fails."""
    call_after_commit(_run, name, message)


def _run(name: str, message: ContentChatModel) -> None:
    try:
        after_commit_steps[name](message)
    except Exception as error:
        logger.exception("receiver_failed", receiver=name, message_id=message.pk)
        MetricsService().increment_counter("receiver_failures", labels={"receiver": name})
        record_fault(fault_of(error, tenant_id=message.tenant_id))
        ref_id = f"receiver:{name}:{message.pk}"
        with in_tenant(message.tenant_id):
            enqueue(kind=RETRY, dedupe_key=ref_id, tenant_id=message.tenant_id, ref_id=ref_id)
        if settings.ENVIRONMENT == "development":
            raise  # whoever writes a receiver sees at once that it fails; elsewhere the row is enough


def retry(ref_id: str) -> None:
    """Do what failed once more, in the tenant's scope; a message that is gone needs nothing."""
    lease = claim(ref_id)
    if lease is None:
        return
    try:
        with transaction.atomic():
            _do(ref_id)
            finish(lease)
    except Exception as error:
        logger.exception("retry_failed", ref=ref_id, attempt=lease.attempts + 1)
        fail(lease, f"{type(error).__name__}: {error}")


def _do(ref_id: str) -> None:
    kind, name, message_id = ref_id.split(":")
    message = ContentChatModel.objects.select_related("chat__agent", "chat__tenant").filter(pk=int(message_id)).first()
    if message is not None:
        (message_processors if kind == "processor" else after_commit_steps)[name](message)


def gave_up(lease: Lease, error: str) -> None:
    """Nothing makes up for it but a person: the dead row is in the administration, with its reason."""
    logger.error("retry_given_up", ref=lease.ref_id, error=error)
