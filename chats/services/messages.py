"""The one way in: every message, wherever from, goes through post_message() (architecture.md)."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from chats.events import chat_updated
from chats.models import ChatModel, ChatStatus, ContentChatModel, Sender
from chats.realtime.publish import publish_state
from chats.services.debouncing import debounce_on, hold
from chats.services.errors import ChatClosedError, ChatFullError, ChatNotFoundError, OvertakenError
from chats.services.language import detect_language
from chats.services.media_files import StoredFile, add_rows
from chats.services.validation import checked_client_message_id, checked_content
from notifications.services.events import record_event
from tenants.commits import call_after_commit
from tenants.crash_points import crash_point
from tenants.db.prepared import prepared_statements
from tenants.encryption.policy import wants_sealing
from tenants.models import User
from tenants.scope import current_tenant_id
from tenants.services.config import setting
from tenants.services.work import enqueue

TURN: Final = "turn"
TITLE_LENGTH: Final = 80

# The chat's counters, its order and every rule about who may write in it, in one statement under the row's lock.
# The count and the `<> ''` keep the look for an earlier copy to one probe of its partial index: NOT EXISTS becomes a
# hash of all the tenant's messages, and a plan for every value cannot know that the index's condition holds.
TAKE_PLACE = """
UPDATE chats_chatmodel SET
    last_sequence = last_sequence + 1, message_count = message_count + 1, last_activity = now(),
    answered_sequence = greatest(answered_sequence, %(covers)s),
    title = CASE WHEN title = '' AND %(from_person)s THEN %(opening)s ELSE title END,
    title_is_encrypted = CASE WHEN title = '' AND %(from_person)s THEN %(opening_is_sealed)s
                              ELSE title_is_encrypted END,
    model_used = CASE WHEN %(model_used)s = '' THEN model_used ELSE %(model_used)s END,
    session_id = CASE WHEN session_id IS NULL OR last_activity < now() - %(session_timeout)s * interval '1 second'
                      THEN %(new_session)s ELSE session_id END,
    status = CASE WHEN status = 'completed' AND %(from_person)s THEN 'active'
                  WHEN status = 'active' AND %(from_staff)s THEN 'waiting' ELSE status END,
    is_active = is_active OR %(from_person)s,
    owner_version = owner_version + %(from_staff)s::int,
    assigned_to_id = CASE WHEN assigned_to_id IS NULL AND is_active AND %(author)s::uuid IS NOT NULL THEN
        (SELECT user_id FROM tenants_membership WHERE tenant_id = %(tenant)s AND user_id = %(author)s)
        ELSE assigned_to_id END
WHERE tenant_id = %(tenant)s AND chat_id = %(chat)s AND status NOT IN ('archived', 'deleted')
  AND (%(contact)s::uuid IS NULL OR contact_id = %(contact)s)
  AND (%(owner_version)s::int IS NULL OR owner_version = %(owner_version)s)
  AND (%(longest)s::int IS NULL OR message_count < %(longest)s)
  AND (%(client_message_id)s = '' OR (
      SELECT count(*) FROM chats_contentchatmodel AS sent
      WHERE sent.chat_id = chats_chatmodel.id AND sent.client_message_id = %(client_message_id)s
        AND sent.client_message_id <> '') = 0)
RETURNING id, last_sequence, new.status, old.status, contact_id, channel
"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message before it is accepted.

    `contact_id` limits the chat to that person's own; `covers` and `owner_version` are a reply's: the sequence that it
    answers up to, and the chat's owner when it was begun. What the staff write takes the chat over: a reply that was
    begun before is not stored, and a chat that nobody has becomes its author's.
    """

    chat_id: UUID
    content: str
    sender: str = Sender.USER
    content_type: str = "text"
    client_message_id: str = ""
    contact_id: UUID | None = None
    author: User | None = None
    in_response_to_id: int | None = None
    language: str = ""
    tokens_used: int = 0
    model_used: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    is_automatic: bool = False
    covers: int = 0
    owner_version: int | None = None
    reply_id: str = ""
    files: tuple[StoredFile, ...] = ()


@dataclass(frozen=True)
class Posted:
    """The stored message, and whether this call stored it (False: the same client_message_id came before)."""

    message: ContentChatModel
    created: bool


@dataclass(frozen=True)
class Place:
    """What a chat gave to a message: its number, and what the chat is from now on."""

    chat_pk: int
    sequence: int
    status: str
    status_before: str
    contact_id: UUID | None
    channel: str


def post_message(**draft: Any) -> Posted:
    """Accept one message (the fields of Draft) in the current tenant: in one transaction, committed when this returns.

    Inside a transaction of the caller's the commit is the caller's. Raises a ChatError (see chats.services.errors) for
    what is refused; nothing has changed then.
    """
    wanted = Draft(**draft)
    wanted = Draft(
        **{
            **draft,
            "content": checked_content(wanted.content, wanted.content_type, has_files=bool(wanted.files)),
            "client_message_id": checked_client_message_id(wanted.client_message_id),
            "language": wanted.language or detect_language(wanted.content),
        }
    )
    longest = setting(current_tenant_id(), "max_conversation_length") if wanted.sender == Sender.USER else None
    try:
        # A reply that is refused takes its turn's transaction with it, so it needs no savepoint there.
        with transaction.atomic(savepoint=not wanted.is_automatic), prepared_statements():
            return _accept(wanted, longest)
    except IntegrityError:
        # The same client_message_id at the same moment: the other one was first.
        if not wanted.client_message_id:
            raise
        with transaction.atomic():
            return _sent_before(wanted)


def _accept(draft: Draft, longest: int | None) -> Posted:
    place = _take_place(draft, longest)
    if place is None:
        return _sent_before(draft)
    message = _new_message(draft, place)
    message.save(force_insert=True)
    if draft.files:
        message.files = add_rows(message, draft.files)
    if draft.sender == Sender.USER:
        _enqueue_turn(message, place)
    record_event(
        "message.created",
        object_type="message",
        object_id=message.pk,
        data={
            "chat_id": str(draft.chat_id),
            "sequence": place.sequence,
            "sender": draft.sender,
            "status": place.status,
        },
    )
    if place.status != place.status_before:
        _tell_change_of_status(place)
    crash_point("message.before_commit")
    return Posted(message, created=True)


def _new_message(draft: Draft, place: Place) -> ContentChatModel:
    message = ContentChatModel(
        tenant_id=current_tenant_id(),
        chat=ChatModel(id=place.chat_pk, chat_id=draft.chat_id, tenant_id=current_tenant_id(), status=place.status),
        sequence=place.sequence,
        content=draft.content,
        content_type=draft.content_type,
        sender=draft.sender,
        author=draft.author,
        in_response_to_id=draft.in_response_to_id,
        client_message_id=draft.client_message_id,
        language=draft.language,
        tokens_used=draft.tokens_used,
        model_used=draft.model_used,
        metadata=draft.metadata,
        is_automatic=draft.is_automatic,
    )
    message.reply_id = draft.reply_id
    return message


def _enqueue_turn(message: ContentChatModel, place: Place) -> None:
    debounce, delay = debounce_on(place.channel), 0.0
    if debounce:
        delay = hold(
            contact_id=place.contact_id,
            chat_pk=place.chat_pk,
            chat_id=message.chat.chat_id,
            message_pk=message.pk,
            debounce=debounce,
        )
    enqueue(
        kind=TURN,
        dedupe_key=f"message:{message.pk}",
        tenant_id=current_tenant_id(),
        ref_id=str(message.pk),
        conversation=place.chat_pk,
        delay=delay,
    )


def _tell_change_of_status(place: Place) -> None:
    """Tell of a chat that this message reopened or took over; rare enough for statements of its own."""
    chat = ChatModel.objects.select_related("agent").get(pk=place.chat_pk)
    record_event("chat.updated", object_type="chat", object_id=chat.chat_id, data={"changed": ["status"]})
    call_after_commit(publish_state, chat, chat_updated(chat))


def _take_place(draft: Draft, longest: int | None) -> Place | None:
    opening, opening_is_sealed = _opening(draft)
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE_PLACE,
            {
                "tenant": current_tenant_id(),
                "chat": draft.chat_id,
                "contact": draft.contact_id,
                "owner_version": draft.owner_version,
                "covers": draft.covers,
                "from_person": draft.sender == Sender.USER,
                "from_staff": draft.sender == Sender.STAFF,
                "author": draft.author.pk if draft.author and draft.sender == Sender.STAFF else None,
                "opening": opening,
                "opening_is_sealed": opening_is_sealed,
                "model_used": draft.model_used,
                "session_timeout": settings.CHAT_SETTINGS["SESSION_TIMEOUT"],
                "new_session": uuid.uuid4().hex,
                "longest": longest,
                "client_message_id": draft.client_message_id,
            },
        )
        row = cursor.fetchone()
        return Place(*row) if row else None


def _opening(draft: Draft) -> tuple[str, bool]:
    """Return the title that a chat has from its first message, and whether it is sealed, as that message is."""
    if draft.sender != Sender.USER:
        return "", False
    chat = ChatModel(tenant_id=current_tenant_id(), chat_id=draft.chat_id)
    chat.title_is_encrypted = wants_sealing(current_tenant_id(), draft.content)
    title = " ".join(draft.content[:200].split())[:TITLE_LENGTH]
    return chat.to_store(chat.sealed_field("title"), title), chat.title_is_encrypted


def _sent_before(draft: Draft) -> Posted:
    """Tell why the chat took no message: it has this one already, or a rule forbids it."""
    chat = ChatModel.objects.filter(chat_id=draft.chat_id).first()
    if (
        chat is None
        or chat.status == ChatStatus.DELETED
        or (draft.contact_id is not None and chat.contact_id != draft.contact_id)
    ):
        raise ChatNotFoundError
    if draft.client_message_id:
        sent = chat.contents.filter(client_message_id=draft.client_message_id).first()
        if sent is not None:
            return Posted(sent, created=False)
    if chat.status == ChatStatus.ARCHIVED:
        raise ChatClosedError
    if draft.owner_version is not None and chat.owner_version != draft.owner_version:
        raise OvertakenError
    raise ChatFullError
