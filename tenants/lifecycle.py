"""Registries of what apps do over a tenant's life; each app fills them from its own `lifecycle.py`.

Source: architecture.md, "Apps": system-wide commands live in the lowest app that owns their meaning and work through
registries that the others fill.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.models import TenantModel
from tenants.registry import Registry

TenantStep = Callable[[TenantModel], None]

# Both run inside the tenant's unit of work, in the order of registration (apps load from the lowest layer up).
init_steps: Registry[TenantStep] = Registry("step of init_system")
demo_steps: Registry[TenantStep] = Registry("step of setup_demo_data")


@dataclass(frozen=True)
class Person:
    """A contact, whose data is wanted as a whole: to be given out or to be erased.

    `chats` and `chat_ids` are the keys of the person's conversations, inside and outside; `identifiers` is what
    names the person (e-mail, id and address in its channel, full name), to be held in memory alone.
    """

    contact_id: UUID
    chats: tuple[int, ...]
    chat_ids: tuple[UUID, ...]
    identifiers: tuple[str, ...]


# Erasing: each step runs in a transaction of its own in the tenant's scope, returns how many rows it changed, and may
# run again. Exporting: each returns what its app knows of the person, as JSON takes it.
ErasureStep = Callable[[Person], int]
ExportStep = Callable[[Person], list[dict[str, Any]]]
erasure_steps: Registry[ErasureStep] = Registry("step of erasing a person")
export_steps: Registry[ExportStep] = Registry("part of a person's export")
