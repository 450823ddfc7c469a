"""Registries of what apps do over a tenant's life; each app fills them from its own `lifecycle.py`.

Source: architecture.md, "Apps": system-wide commands live in the lowest app that owns their meaning and work through
registries that the others fill.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.models import TenantModel
from tenants.portable.kinds import Group, Kind
from tenants.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

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


@dataclass(frozen=True)
class TrialOrder:
    """Rows that are wanted for trying and measuring: about so many messages, of a scenario; `seed` decides the rest."""

    tenant: TenantModel
    messages: int
    scenario: str
    seed: int


# Each runs in the tenant's scope, opens its own transactions of a few thousand rows, and yields how many messages each
# of them wrote (nothing, where it writes none). What a scenario is like is told to people beside its name.
TrialStep = Callable[[TrialOrder], Iterator[int]]
trial_steps: Registry[TrialStep] = Registry("step of create_test_data")
scenarios: "Registry[StrPromise]" = Registry("scenario of create_test_data")


@dataclass(frozen=True)
class Cleaning:
    """What is to go in the current tenant: what is older than `days`, or (None) than the tenant keeps it.

    Work that can be divided is done by several at once: this is the one numbered `part` (from 0 on) of `parts`.
    """

    days: int | None = None
    part: int = 0
    parts: int = 1


@dataclass(frozen=True)
class Removed:
    """Rows of a table that are gone, and the bytes of the files that went with them."""

    table: str
    rows: int
    file_bytes: int = 0


class CleanupKind(StrEnum):
    """What `cleanup_old_data --type` names."""

    CHATS = "chats"
    LOGS = "logs"
    FILES = "files"
    ANALYSIS = "analysis"


@dataclass(frozen=True)
class CleanupStep:
    """How one kind of row ages: `count` tells how many would go, `run` removes them in many short transactions.

    Both run in the tenant's scope, outside any transaction; `run` may be stopped after each thing that it yields, and
    goes on when it is run again. `divisible`: it looks at `part` and `parts`.
    """

    kind: CleanupKind
    count: Callable[[Cleaning], int]
    run: Callable[[Cleaning], Iterator[Removed]]
    divisible: bool = False


cleanup_steps: Registry[CleanupStep] = Registry("step of cleanup_old_data")

# After a restore, before the restored database is anybody's: each step runs for the installation (None) and for each
# tenant, outside any scope and transaction, gets the backup's id, and returns how many rows it changed. It may run
# again with another attempt to restore.
RestoreStep = Callable[[TenantModel | None, str], int]
restore_steps: Registry[RestoreStep] = Registry("step after a restore")

# What leaves by `export_data` and comes back by `import_data`, in the order of registration: what a record names comes
# before it. Each app fills it from its own `portable.py`.
portable_kinds: Registry[Kind] = Registry("kind of record")
# What has to follow an import, outside any transaction; safe to run again.
after_import: Registry[TenantStep] = Registry("step after an import")
portable_kinds.add(
    "tenants.tenant",
    Kind(
        name="tenant",
        group=Group.SETTINGS,
        model=TenantModel,
        columns=("display_name", "default_language", "timezone", "settings"),
        identity=(),
    ),
)
