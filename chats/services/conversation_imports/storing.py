"""Storing imported conversations, batch by batch: once each, in order, sealed as the tenant wants, answered by nobody.

History goes past post_message(): no turn, no event and no frame comes of it. A chat's id is made of the tenant and the
source's own key, a message's `external_id` is its key in the source, so running again finds both.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.services import AuditService
from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, ErasureLedger
from chats.services.conversation_imports.records import Conversation, Item, Message, Person, Problem, pieces
from chats.services.erasure_receipts import identity_of
from chats.services.language import detect_language
from chats.services.retention import conversations_before
from chats.signals.definitions import messages_imported
from chats.signals.muting import muted_signals
from tenants.db.statistics import grown
from tenants.lifecycle import Cleaning
from tenants.scope import current_tenant_id

PROBLEMS_KEPT: Final = 1_000
TITLE_LENGTH: Final = 80
LONGEST_KEY: Final = 200


@dataclass
class Report:
    """What came of a file. Problems beyond PROBLEMS_KEPT are counted, not kept."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def tell(self, problem: Problem) -> None:
        """Take note of a problem."""
        self.counts["problems"] += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        told = [{"line": problem.line, "message": problem.message} for problem in self.problems]
        names = ("contacts", "conversations", "messages", "known_messages", "erased", "problems", "beyond_retention")
        return {**{name: self.counts[name] for name in names}, "told": told}


class Storing:
    """One run over one file, in a tenant's scope without an open transaction."""

    def __init__(self, report: Report, *, source: str = "", dry_run: bool = False) -> None:
        self.report, self.source, self.dry_run = report, source, dry_run
        self.now = timezone.now()
        self.size = int(settings.MANAGEMENT_COMMANDS["import"]["batch_size"])
        self.old = conversations_before(Cleaning()) + timedelta(days=1)
        self.seen: set[UUID] = set()  # what a rehearsal has counted already
        self.erased: set[str] = set()
        self.left_out: set[str] = set()  # conversations of people who were erased

    def run(self, items: Iterable[Item]) -> Iterator[int]:
        """Store everything; yield how many items each transaction took."""
        batch: list[Item] = []
        for item in items:
            if isinstance(item, Problem):
                self.report.tell(item)
                continue
            batch.append(item)
            if len(batch) >= self.size:
                yield self._commit(batch)
                batch = []
        if batch:
            yield self._commit(batch)
        if not self.dry_run and self.report.counts["messages"] + self.report.counts["contacts"]:
            with transaction.atomic():
                AuditService.log_event(
                    "conversations_imported", None, current_tenant_id(), "tenant", str(current_tenant_id()),
                    {**self.report.counts, "source": self.source},
                )  # fmt: skip

    def _commit(self, batch: Sequence[Item]) -> int:
        with transaction.atomic(), muted_signals():
            messages: dict[str, list[Message]] = {}
            for item in batch:
                if isinstance(item, Person):
                    self._contact(item)
                elif isinstance(item, Conversation):
                    self._chat(item)
                elif isinstance(item, Message):
                    messages.setdefault(item.conversation, []).append(item)
            for key, some in messages.items():
                self._messages(key, some)
            if self.dry_run:
                transaction.set_rollback(True)
        return len(batch)

    def _contact(self, person: Person) -> Contact | None:
        """Return the person's contact, found or made; None for one who asked to be erased."""
        erased = identity_of(Contact(channel=person.channel, external_id=person.external_id))
        if ErasureLedger.objects.filter(identity=erased).exists():
            self.erased.add(erased)
            self.report.counts["erased"] = len(self.erased)
            return None
        told = {"name": person.name, "email": person.email if "@" in person.email else "",
                "chat_address": person.address}  # fmt: skip
        contact: Contact
        contact, made = Contact.objects.get_or_create(
            channel=person.channel, external_id=person.external_id, defaults={**told, "labels": list(person.labels)}
        )
        if made:
            self._count("contacts", uuid5(current_tenant_id(), f"contact:{person.channel}:{person.external_id}"))
            return contact
        news: dict[str, Any] = {name: value for name, value in told.items() if value and not getattr(contact, name)}
        if added := [label for label in person.labels if label not in contact.labels]:
            news["labels"] = [*contact.labels, *added]
        if news:
            Contact.objects.filter(pk=contact.pk).update(**news)
        return contact

    def _chat(self, told: Conversation) -> None:
        chat_id = chat_id_of(told.key)
        if ChatModel.objects.filter(chat_id=chat_id).exists():
            return
        contact = self._contact(told.person) if told.person else None
        if told.person and contact is None:
            self.left_out.add(told.key)
            return
        status = ChatStatus.COMPLETED if told.is_open else ChatStatus.ARCHIVED
        chat = ChatModel(
            chat_id=chat_id, user_id=told.person.external_id if told.person else told.key[:255], contact=contact,
            channel=told.channel or "api", is_group=told.is_group, title=told.title[:TITLE_LENGTH], status=status,
            is_active=False, archived_at=None if told.is_open else self.now,
        )  # fmt: skip
        chat.save(force_insert=True)
        grown("chats_chatmodel", 1)
        self._count("conversations", chat_id)

    def _count(self, what: str, known: UUID) -> None:
        """Count something that was made; a rehearsal makes it anew in every batch."""
        if self.dry_run:
            if known in self.seen:
                return
            self.seen.add(known)
        self.report.counts[what] += 1

    def _messages(self, key: str, messages: Sequence[Message]) -> None:
        rows = ChatModel.objects.select_for_update(of=("self",)).filter(chat_id=chat_id_of(key))
        chat = rows.first()
        if chat is None:
            if not (self.dry_run and chat_id_of(key) in self.seen):
                self._without_a_chat(messages)
                return
            self.report.counts["messages"] += len(messages)
            return
        longest = int(settings.CHAT_SETTINGS["MAX_MESSAGE_LENGTH"])
        parts = {f"{message.key[:LONGEST_KEY]}{f'#{number}' if number else ''}": (message, text)
                 for message in messages for number, text in enumerate(pieces(message.content, longest))}  # fmt: skip
        stored = ContentChatModel.objects.filter(external_id__in=list(parts))
        known = set(stored.values_list("external_id", flat=True))
        self.report.counts["known_messages"] += len(known)
        new = [
            self._row(chat, chat.last_sequence + number, external_id, *part)
            for number, (external_id, part) in enumerate(
                ((name, part) for name, part in parts.items() if name not in known), 1
            )
        ]
        if new:
            ContentChatModel.objects.bulk_create(new)
            grown("chats_contentchatmodel", len(new))
            self._move_on(chat, new)
        self.report.counts["messages"] += len(new)

    def _without_a_chat(self, messages: Sequence[Message]) -> None:
        """Tell of messages whose conversation was not told of; those of people who were erased are left out."""
        if messages[0].conversation not in self.left_out:
            self.report.tell(Problem(messages[0].line, _("These messages' conversation is not in the file.")))

    def _row(self, chat: ChatModel, sequence: int, external_id: str, message: Message, text: str) -> ContentChatModel:
        return ContentChatModel(
            chat=chat, sequence=sequence, content=text, sender=message.sender, external_id=external_id,
            language=detect_language(text), timestamp=message.at,
            metadata={"author": message.author} if message.author else {},
        )  # fmt: skip

    def _move_on(self, chat: ChatModel, new: Sequence[ContentChatModel]) -> None:
        times: list[datetime] = [row.timestamp for row in new]
        messages_imported.send(ContentChatModel, since=min(times), until=max(times))
        count, began = chat.last_sequence + len(new), min(times)
        last = max([*times, chat.last_activity] if chat.last_sequence else times)
        ChatModel.objects.filter(pk=chat.pk).update(
            last_sequence=count, message_count=chat.message_count + len(new), answered_sequence=count,
            last_activity=last, created_at=began if not chat.last_sequence else min(began, chat.created_at),
        )  # fmt: skip
        if not chat.title:
            chat.title = " ".join(new[0].content[:200].split())[:TITLE_LENGTH]
            chat.save(update_fields=["title"])
        if last < self.old and not chat.last_sequence:
            self.report.counts["beyond_retention"] += 1


def chat_id_of(key: str) -> UUID:
    """Return the id that a source's conversation has in the current tenant."""
    return uuid5(current_tenant_id(), f"import:{key}")
