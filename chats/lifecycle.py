"""What conversations bring to a new tenant: the door of its web widget, and chats worth looking at in the demo."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection

from agents.models import AgentModel
from chats.demo import Script, planned
from chats.models import Channel, ChannelKind, ChatModel, ChatStatus, Contact, ContentChatModel, MediaContentModel
from chats.samples.scenarios import SCENARIOS
from chats.samples.storing import tell
from chats.services.erasing_now import replay
from chats.services.json_state.batches import OLD_BATCHES
from chats.services.media_files import STRAYS
from chats.services.memory import forget_memory, memory_of
from chats.services.retention import STEPS
from chats.signals.muting import muted_signals
from tenants.backups.carrying import CARRIED
from tenants.backups.media import folder_owners, newest_stays
from tenants.lifecycle import (
    Person,
    TrialOrder,
    cleanup_steps,
    demo_steps,
    erasure_steps,
    export_steps,
    init_steps,
    restore_steps,
    scenarios,
    trial_steps,
)
from tenants.models import TenantModel
from tenants.scope import all_tenants, current_tenant_id

DEMO_LABEL = "demo"
DAY_FOLDER = re.compile(r"[0-9a-f-]{36}/\d{4}-\d\d-\d\d")
PAUSE = timedelta(seconds=40)
FORGET_ERRORS = """
UPDATE tenants_workitem SET last_error = '' WHERE tenant_id = %s AND last_error <> ''
    AND (conversation = ANY(%s) OR EXISTS (SELECT FROM unnest(%s::text[]) AS name WHERE strpos(last_error, name) > 0))
"""
FORGET_ANSWERS = "DELETE FROM tenants_idempotencyrecord WHERE tenant_id = %s AND caller = %s"
CARRIED.add("chats_erasureledger", "Whom to erase again.")
newest_stays.add("erasures", "Receipts of erasures.")


@folder_owners.register("chats.media")
def files_known_in(folder: str) -> set[str] | None:
    """Return the files of a tenant's day that a message has; None for a folder of another kind."""
    if DAY_FOLDER.fullmatch(folder) is None:
        return None
    with all_tenants():
        rows = MediaContentModel.objects.filter(media__startswith=f"{folder}/")
        found = rows.values_list("media", "thumbnail")
        return {name for pair in found for name in pair if name}


@restore_steps.register("chats.erasures")
def erase_again_after_restore(tenant: TenantModel | None, backup_id: str) -> int:
    """Erase again everybody who had been erased since the backup."""
    return replay(tenant) if tenant else 0


@init_steps.register("chats.channel")
def ensure_web_channel(tenant: TenantModel) -> None:
    """Make the tenant's web channel, with its publishable key."""
    Channel.objects.get_or_create(name="web", defaults={"kind": ChannelKind.WEB})


@demo_steps.register("chats.conversations")
def make_demo_chats(tenant: TenantModel) -> None:
    """Make the demo's conversations of the last thirty days; does nothing when they are there."""
    if Contact.objects.filter(labels__contains=[DEMO_LABEL]).exists():
        return
    agent = AgentModel.objects.filter(is_default=True).first()
    with muted_signals():
        for script, began in planned():
            _write(script, began, agent)


def _write(script: Script, began: datetime, agent: AgentModel | None) -> None:
    contact = Contact.objects.create(
        channel=ChannelKind.WEB, external_id=uuid4().hex, language=script.language, labels=[DEMO_LABEL]
    )
    status, count = ChatStatus(script.status), len(script.lines)
    chat = ChatModel.objects.create(
        user_id=contact.external_id,
        contact=contact,
        agent=agent,
        title=script.lines[0].content[:80],
        status=status,
        is_active=status.is_open,
        message_count=count,
        last_sequence=count,
        answered_sequence=count,
        last_activity=began + PAUSE * count,
    )
    ChatModel.objects.filter(pk=chat.pk).update(created_at=began)
    ContentChatModel.objects.bulk_create(
        ContentChatModel(
            chat=chat,
            sequence=number + 1,
            content=line.content,
            sender=line.sender,
            language=script.language,
            timestamp=began + PAUSE * number,
        )
        for number, line in enumerate(script.lines)
    )


for name, scenario in SCENARIOS.items():
    scenarios.add(name, scenario.label)
for name, cleanup in {**STEPS, "chats.strays": STRAYS, "chats.json_state": OLD_BATCHES}.items():
    cleanup_steps.add(name, cleanup)


@trial_steps.register("chats.conversations")
def make_trial_chats(order: TrialOrder) -> Iterator[int]:
    """Make as many conversations up as are wanted, each time new ones."""
    yield from tell(order)


@erasure_steps.register("chats.work")
def forget_work_of(person: Person) -> int:
    """Take out of work rows what errors may have quoted, and remove the answers that were kept for the person."""
    tenant_id = current_tenant_id()
    with connection.cursor() as cursor:
        cursor.execute(FORGET_ERRORS, [tenant_id, list(person.chats), list(person.identifiers)])
        changed: int = cursor.rowcount
        cursor.execute(FORGET_ANSWERS, [tenant_id, f"visitor:{person.contact_id}"])
        removed: int = cursor.rowcount
    return changed + removed


export_steps.add("chats.memory", memory_of)
erasure_steps.add("chats.memory", forget_memory)
