"""What a record holds: one description of each kind of row that leaves the installation.

A record names other rows by what they are called in the tenant (an agent by its slug, a message by its conversation and
number), never by a key of the database: so it means the same on another installation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import models


class Group(StrEnum):
    """What `--type` names."""

    SETTINGS = "settings"
    AGENTS = "agents"
    KNOWLEDGE = "knowledge"
    CONTACTS = "contacts"
    CHATS = "chats"
    AUDIT = "audit"


@dataclass(frozen=True)
class Link:
    """A foreign key and the fields of the record that tell the row it points to.

    `named` has them with their columns over there: `{"agent": "slug"}`. A link that is not `required` is left empty
    when there is no such row; a record whose required row is missing cannot be stored.
    """

    attribute: str
    named: Mapping[str, str]
    required: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of record: the model's columns that it holds as they are, and its links.

    `identity` are columns of the model that tell a row from the others of its tenant; `order` is the order in which
    rows leave; `period` is the path to the time that `--from` and `--to` look at. `derived` columns are told and never
    stored: the database computes them; `called` are columns that have another name in the record. What `importable`
    says is not, leaves and does not come back.
    """

    name: str
    group: Group
    model: type[models.Model]
    columns: Sequence[str]
    identity: Sequence[str]
    links: Sequence[Link] = ()
    order: Sequence[str] = ("pk",)
    period: str = ""
    derived: Sequence[str] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    importable: bool = True

    def fields(self) -> dict[str, str]:
        """Return the record's fields in order, each with its path from the model."""
        found = dict.fromkeys(self.columns)
        told: dict[str, str] = {}
        for link in self.links:
            for name, path in link.named.items():
                told.setdefault(name, f"{link.attribute}__{path}")
        return {**told, **{self.called.get(name, name): name for name in found}}

    def meta(self) -> Any:
        """Return the model's options."""
        return self.model._meta


EXPORTED_TYPES = (Group.CHATS, Group.AGENTS, Group.KNOWLEDGE, Group.CONTACTS, Group.AUDIT)
