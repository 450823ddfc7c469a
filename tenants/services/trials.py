"""Rows for trying and measuring, made by what each app registered."""

from collections.abc import Iterator
from typing import Final

from tenants.lifecycle import TrialOrder, trial_steps
from tenants.scope import tenant_scope

VOLUMES: Final = {"small": 1_000, "medium": 50_000, "large": 1_000_000}


def messages_of(volume: str) -> int:
    """Return how many messages a volume has: one of VOLUMES, or a number. ValueError for what is neither."""
    wanted = VOLUMES.get(volume) or int(volume.replace(",", "").replace("_", ""))
    if wanted < 1:
        raise ValueError(f"{volume} is no number of messages.")
    return wanted


def fill(order: TrialOrder) -> Iterator[int]:
    """Make the rows, in many short transactions; yield the number of messages that each wrote."""
    with tenant_scope(order.tenant):
        for _name, step in trial_steps.items():
            yield from step(order)
