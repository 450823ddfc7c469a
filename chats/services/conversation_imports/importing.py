"""One import: a source's reader over a file, stored and reported (docs/importing.md)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from agents.services.importing.records import UnreadableFileError
from chats.services.conversation_imports.chatwoot import ChatwootReader
from chats.services.conversation_imports.files import text_of
from chats.services.conversation_imports.json_items import objects_of
from chats.services.conversation_imports.records import Items, Problem
from chats.services.conversation_imports.storing import Report, Storing
from chats.services.conversation_imports.whatsapp import WhatsAppReader, WhoseError
from chats.services.conversation_imports.zendesk import ZendeskReader
from tenants.models import TenantModel
from tenants.scope import current_tenant_id

CHATWOOT, ZENDESK, WHATSAPP = "chatwoot", "zendesk", "whatsapp"
READERS: Final[dict[str, Callable[[], ChatwootReader | ZendeskReader]]] = {
    CHATWOOT: ChatwootReader,
    ZENDESK: ZendeskReader,
}
SOURCES: Final = (CHATWOOT, WHATSAPP, ZENDESK)


@dataclass(frozen=True)
class Wanted:
    """What is imported and how; `dates` (dmy, mdy, ymd) and `own_names` are WhatsApp's."""

    source: str
    path: Path
    own_names: Sequence[str] = ()
    dates: str = ""
    dry_run: bool = False


def items_of(wanted: Wanted, zone: ZoneInfo) -> Items:
    """Yield what a file holds, whatever is in it; touches no database."""
    try:
        if wanted.source == WHATSAPP:
            yield from WhatsAppReader(wanted.path, zone, wanted.own_names, wanted.dates).items()
            return
        reader = READERS[wanted.source]()
        with text_of(wanted.path) as stream:
            for found in objects_of(stream):
                if isinstance(found, Problem):
                    yield found
                else:
                    yield from reader.read(*found)
    except (UnreadableFileError, WhoseError, UnicodeError) as error:
        yield Problem(0, str(error))


def import_conversations(wanted: Wanted, report: Report) -> Iterator[int]:
    """Import a file into the current tenant, outside any transaction; yield how many items each step took.

    Each batch is a transaction; running again goes on where it was cut off, and adds nothing twice.
    """
    with transaction.atomic():
        zone = ZoneInfo(TenantModel.objects.values_list("timezone", flat=True).get(pk=current_tenant_id()))
    yield from Storing(report, source=wanted.source, dry_run=wanted.dry_run).run(items_of(wanted, zone))
