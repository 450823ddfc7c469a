"""Made-up conversations become rows by COPY: counters, order, words and seals as if each had come the usual way.

No event is written and nobody is told: what is made up concerns nobody. Within a batch the messages come before their
chats (the keys are deferred), so that the trigger which counts tokens finds none to change.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.models import AgentModel
from chats.models import ChatModel, ChatStatus, ContentChatModel
from chats.samples.conversations import Storyteller, Talk
from chats.samples.scenarios import SCENARIOS
from chats.services.messages import TITLE_LENGTH
from chats.signals.chat_post_save_receiver import initial_settings
from chats.signals.definitions import messages_imported
from tenants.db.copying import copy_rows, take_ids
from tenants.encryption.policy import wants_sealing
from tenants.encryption.word_keys import keys_of_text
from tenants.fields import uuid7
from tenants.lifecycle import TrialOrder
from tenants.registry import Registry
from tenants.scope import current_tenant_id
from tenants.services.config import setting

BATCH: Final = 5_000
LABEL: Final = "test"
CONTACTS: Final = (
    "tenant_id", "id", "channel", "external_id", "name", "email", "chat_address", "labels", "language",
    "last_activity", "created_at",
)  # fmt: skip
CHATS: Final = (
    "tenant_id", "id", "chat_id", "user_id", "contact_id", "agent_id", "session_id", "title", "title_is_encrypted",
    "channel", "is_group", "status", "is_active", "settings", "agent_settings", "model_used", "total_tokens",
    "message_count", "last_sequence", "answered_sequence", "owner_version", "last_activity", "archived_at",
    "created_at", "updated_at",
)  # fmt: skip
MESSAGES: Final = (
    "tenant_id", "id", "chat_id", "sequence", "content", "content_type", "sender", "in_response_to_id",
    "client_message_id", "external_id", "language", "tokens_used", "model_used", "is_automatic", "is_encrypted",
    "encryption_key_id", "word_keys", "metadata", "timestamp",
)  # fmt: skip


@dataclass(slots=True)
class Stored:
    """A conversation with the ids of its rows; `messages` and `tokens` go with the talk's lines."""

    talk: Talk
    pk: int
    chat_id: UUID
    agent: AgentModel
    model: str
    contact_id: UUID
    messages: list[int]
    tokens: list[int] = field(default_factory=list)


# What other apps know of made-up conversations: each stores its rows in the transaction that stores theirs.
followers: Registry[Callable[[Sequence[Stored]], None]] = Registry("follower of made-up conversations")


def tell(order: TrialOrder) -> Iterator[int]:
    """Store an order's conversations, a batch in a transaction; yield how many messages each had."""
    with transaction.atomic():
        agents = list(AgentModel.objects.filter(is_active=True).select_related("ai_model").order_by("pk"))
    story = Storyteller(
        SCENARIOS[order.scenario],
        seed=order.seed,
        messages=order.messages,
        language=order.tenant.default_language,
        now=timezone.now(),
    )
    run = secrets.token_hex(4)
    for talks in story.batches(BATCH):
        with transaction.atomic():
            count = _store(talks, agents, run)
        yield count


def _store(talks: list[Talk], agents: list[AgentModel], run: str) -> int:
    stored = _with_ids(talks, agents)
    copy_rows("chats_contact", CONTACTS, _contacts(stored, run))
    count = copy_rows("chats_contentchatmodel", MESSAGES, _messages(stored))
    copy_rows("chats_chatmodel", CHATS, _chats(stored, run))
    times = [line.at for talk in talks for line in talk.lines]
    messages_imported.send(ContentChatModel, since=min(times), until=max(times))
    for _name, follow in followers.items():
        follow(stored)
    return count


def _with_ids(talks: list[Talk], agents: list[AgentModel]) -> list[Stored]:
    chats = take_ids("chats_chatmodel", len(talks))
    messages = iter(take_ids("chats_contentchatmodel", sum(len(talk.lines) for talk in talks)))
    people = {talk.person.number: uuid7() for talk in talks}
    return [
        Stored(
            talk=talk,
            pk=pk,
            chat_id=uuid7(),
            agent=agents[pk % len(agents)],
            model=_model_of(agents[pk % len(agents)]),
            contact_id=people[talk.person.number],
            messages=[next(messages) for _line in talk.lines],
        )
        for talk, pk in zip(talks, chats, strict=True)
    ]


def _model_of(agent: AgentModel) -> str:
    return agent.ai_model.name if agent.ai_model else str(setting(current_tenant_id(), "default_model"))


def _contacts(stored: list[Stored], run: str) -> Iterator[tuple[Any, ...]]:
    tenant, labels = str(current_tenant_id()), json.dumps([LABEL])
    times: dict[int, tuple[datetime, datetime]] = {}
    for each in stored:
        began, ended = times.get(each.talk.person.number, (each.talk.lines[0].at, each.talk.lines[-1].at))
        lines = each.talk.lines
        times[each.talk.person.number] = (min(began, lines[0].at), max(ended, lines[-1].at))
    people = {each.contact_id: each.talk.person for each in stored}
    for contact_id, person in people.items():
        began, ended = times[person.number]
        yield (
            tenant, str(contact_id), person.channel, f"{LABEL}-{run}-{person.number}", person.name, person.email, "",
            labels, person.language, ended, began,
        )  # fmt: skip


def _messages(stored: list[Stored]) -> Iterator[tuple[Any, ...]]:
    tenant_id = current_tenant_id()
    tenant = str(tenant_id)
    for each in stored:
        language, ids = each.talk.person.language, each.messages
        for place, line in enumerate(each.talk.lines):
            text, is_automatic = line.said.text, line.answers >= 0
            tokens = len(text) // 4 if is_automatic else 0
            each.tokens.append(tokens)
            sealed, key, words = False, "", None
            if wants_sealing(tenant_id, text):
                sealed, (text, key, words) = True, _sealed(each.pk, place + 1, text, language)
            yield (
                tenant, ids[place], each.pk, place + 1, text, "text", line.sender,
                ids[line.answers] if is_automatic else None, "", "", language, tokens,
                each.model if is_automatic else "", is_automatic, sealed, key, words, "{}", line.at,
            )  # fmt: skip


def _sealed(chat: int, sequence: int, text: str, language: str) -> tuple[str, str, list[int]]:
    """Return what is stored of a text that is sealed: itself, its key, the keys of its words."""
    tenant_id = current_tenant_id()
    row = ContentChatModel(tenant_id=tenant_id, chat_id=chat, sequence=sequence, is_encrypted=True)
    sealed = row.to_store(ContentChatModel.sealed_field("content"), text)
    return sealed, row.encryption_key_id, keys_of_text(tenant_id, language, text)


def _chats(stored: list[Stored], run: str) -> Iterator[tuple[Any, ...]]:
    tenant = str(current_tenant_id())
    for each in stored:
        talk, chat = each.talk, ChatModel(tenant_id=current_tenant_id(), chat_id=each.chat_id, agent=each.agent)
        count, ended = len(talk.lines), talk.lines[-1].at
        chat.title = " ".join(talk.lines[0].said.text.split())[:TITLE_LENGTH]
        title = chat.to_store(ChatModel.sealed_field("title"), chat.title)
        is_open = ChatStatus(talk.status).is_open
        yield (
            tenant, each.pk, str(each.chat_id), f"{LABEL}-{run}-{talk.person.number}", str(each.contact_id),
            str(each.agent.pk), uuid7().hex, title, chat.title_is_encrypted, talk.person.channel, False, talk.status,
            is_open, json.dumps(initial_settings(chat)), "{}", each.model, sum(each.tokens), count, count, count,
            int(talk.escalated), ended, ended if talk.status == ChatStatus.ARCHIVED else None, talk.lines[0].at, ended,
        )  # fmt: skip
