"""What a record holds: one description of each kind serves the export, the import and the move between tenants.

A record names other rows by what they are called in the tenant (an agent by its slug, a message by its conversation and
number), never by a key of the database: so it means the same on another installation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from django.db import models

PUBLIC_ID: Final = "chat_id"  # the one id that is unique over all tenants and that others name


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


Rows = list[Any]


@dataclass(frozen=True)
class Kind:
    """One kind of record: the model's columns that it holds as they are, and its links.

    `identity` are columns of the model that tell a row from the others of its tenant; `order` is the order in which
    rows leave; `period` is the path to the time that `--from` and `--to` look at. `derived` columns are told and never
    stored: the database or `stored` computes them; `called` are columns that have another name in the record; `rising`
    ones never sink when a row is brought up to date.
    `public_id` is the column of an id that is unique over all tenants and that other records name.

    `beside` are fields that no column has: `dress` adds them to a record that leaves (the bytes of a file), instances
    have them as attributes when they come. `check` raises BadRecordError for a record that is bad in its own way.
    `prepare` sees instances before they are stored, `stored` those that were new, both in the transaction of the batch.
    `discard` sees records whose rows were moved away; `unused` narrows a queryset to what may be removed then.
    A `loose` record is left out where a row that it needs has not come: it only ties two rows together. What
    `importable` says is not, leaves and does not come back.
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
    rising: Sequence[str] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    public_id: str = ""
    beside: Sequence[str] = ()
    dress: Callable[[dict[str, Any]], None] | None = None
    check: Callable[[Mapping[str, Any]], None] | None = None
    discard: Callable[[Rows], None] | None = None
    prepare: Callable[[Rows], None] | None = None
    stored: Callable[[Rows], None] | None = None
    unused: Callable[[Any], Any] | None = None
    loose: bool = False
    importable: bool = True

    @cached_property
    def fields(self) -> dict[str, str]:
        """The record's fields in order, each with its path from the model."""
        told: dict[str, str] = {}
        for link in self.links:
            for name, path in link.named.items():
                told.setdefault(name, f"{link.attribute}__{path}")
        return {**told, **{self.called.get(name, name): name for name in self.columns}}

    @cached_property
    def own_fields(self) -> dict[str, Any]:
        """The model's fields that a record's values are stored in."""
        return {name: self.meta.get_field(name) for name in self.columns if name not in self.derived}

    @cached_property
    def names_of_public_ids(self) -> list[str]:
        """The fields of the record that hold public ids, its own or another's."""
        if self.public_id:
            return [self.public_id]
        named = [(name, path.rpartition("__")[2]) for link in self.links for name, path in link.named.items()]
        return list(dict.fromkeys(name for name, column in named if column == PUBLIC_ID))

    @cached_property
    def names_of_itself(self) -> dict[str, str]:
        """The fields of the record that tell its row, as other records would name it, each with its path."""
        named: dict[str, str] = {}
        for name in self.identity:
            link = next((link for link in self.links if link.attribute == name), None)
            named |= {name: name} if link is None else {each: f"{name}__{path}" for each, path in link.named.items()}
        return named

    @property
    def meta(self) -> Any:
        """The model's options."""
        return self.model._meta


EXPORTED_TYPES = (Group.CHATS, Group.AGENTS, Group.KNOWLEDGE, Group.CONTACTS, Group.AUDIT)
