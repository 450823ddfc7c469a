"""One turn of the agent: claim, read, write the reply as it comes, store it once (architecture.md; decisions 6–8)."""

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from threading import Event as Flag
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import override

from agents.errors import NoAnswerError, ProviderError
from agents.replies import ConversationTurn, Reply
from agents.services.agent_service import AgentService
from chats import events
from chats.models import ChatModel, ContentChatModel, Sender
from chats.models.content import ContentType
from chats.realtime.publish import publish
from chats.services.debouncing import debounce_on, let_go
from chats.services.errors import ChatClosedError, ChatNotFoundError, OvertakenError
from chats.services.escalation import is_unsure_too_often
from chats.services.gathering import gathered
from chats.services.handover import hand_over
from chats.services.lifecycle import escalate
from chats.services.messages import post_message
from chats.services.notices import handover_notice, opening_notice
from chats.services.pipeline import should_generate_auto_response
from chats.services.reading import HISTORY, latest_messages, message_with_chat
from chats.services.turn_figures import count_answer, count_turn
from metrics.services import MetricsService, stage
from tenants.crash_points import crash_point
from tenants.db.prepared import prepared_statements
from tenants.limits.rules import charge_tokens
from tenants.scope import current_tenant_id
from tenants.services.config import setting
from tenants.services.leases import keeper
from tenants.services.work import Lease, LeaseLostError, claim, fail, finish, next_turn

LOOK_SECONDS = 1.0
# No eye sees more frames than this, and each is carried to every socket of the chat.
GATHER_SECONDS = 0.04
logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Turn:
    """What the agent answers: the latest of the conversation (last first), up to the person's last message."""

    chat: ChatModel
    asked: ContentChatModel
    latest: tuple[ContentChatModel, ...]
    agent_id: UUID
    language: str
    tone: str
    reply_id: str
    attempt: int
    failures: int


def answer_turn(message_id: int) -> int | None:
    """Answer the turn of a message once, however often this runs; return the next message that waits in its chat.

    A failure is recorded in the work row, which is tried again later; LeaseLostError means that another process has
    the turn now, and what this one wrote was rolled back.
    """
    with prepared_statements():
        lease = claim(f"message:{message_id}")
    if lease is None:
        return None
    try:
        with keeper.hold(lease) as lost:
            _answer(lease, message_id, lost)
    except LeaseLostError:
        logger.warning("turn_taken_over", message_id=message_id)
        return None
    except Exception as error:
        logger.exception("turn_failed", message_id=message_id, attempt=lease.attempts + 1)
        count_turn("failed")
        MetricsService().increment_counter("turn_failures", labels={"error": type(error).__name__})
        wait = error.retry_after if isinstance(error, ProviderError) else None
        fail(lease, f"{type(error).__name__}: {error}", retry_after=wait)
        return None
    with transaction.atomic(), prepared_statements():
        upcoming = next_turn(lease.conversation) if lease.conversation else None
    return int(upcoming) if upcoming else None


def _answer(lease: Lease, message_id: int, lost: Flag) -> None:
    with stage("read"), transaction.atomic(), prepared_statements():
        turn = _read_turn(lease, message_id)
        if turn is None or _is_over_budget(turn):
            if turn is not None:
                hand_over(turn.asked, reason="reply_budget")
            finish(lease)
            count_turn("quiet" if turn is None else "handed_over")
            return
    publish(turn.chat.chat_id, events.typing(sender="agent", is_typing=True))
    try:
        with stage("generate"):
            reply = _stream(turn, lost)
        with stage("store"):
            _store(lease, turn, reply)
        charge_tokens(turn.chat.tenant_id, reply.tokens_used)
        count_answer(turn.chat, turn.asked)
    except (OvertakenError, ChatClosedError, ChatNotFoundError) as error:
        publish(turn.chat.chat_id, events.reply_cancelled(reply_id=turn.reply_id, reason=error.code))
        with transaction.atomic():
            finish(lease)
        count_turn("overtaken")
    except NoAnswerError:
        logger.warning("nobody_answers", message_id=message_id)
        with transaction.atomic():
            hand_over(turn.asked, reason="agent_failed")
            finish(lease)
        count_turn("handed_over")
    except IntegrityError:
        with transaction.atomic():
            if not ContentChatModel.objects.filter(in_response_to=turn.asked, is_automatic=True).exists():
                raise
            logger.warning("turn_answered_already", message_id=message_id)
            finish(lease)
    publish(turn.chat.chat_id, events.typing(sender="agent", is_typing=False))


def _read_turn(lease: Lease, message_id: int) -> Turn | None:
    message = message_with_chat(message_id)
    if message is None or not should_generate_auto_response(message):
        return None
    chat = message.chat
    latest = latest_messages(chat.pk)
    asked = next(written for written in latest if written.sender == Sender.USER)
    asked.chat = chat
    if chat.agent is None:
        return None
    return Turn(
        chat=chat,
        asked=asked,
        latest=tuple(latest),
        agent_id=chat.agent.pk,
        language=_language(latest, chat),
        tone=str(chat.agent_settings.get("tone", "")),
        reply_id=f"r{lease.item_id}",
        attempt=lease.attempts + lease.lost_leases + 1,
        failures=lease.attempts,
    )


def _language(latest: list[ContentChatModel], chat: ChatModel) -> str:
    spoken = (written.language for written in latest if written.sender == Sender.USER and written.language)
    agents_own = chat.agent.language if chat.agent else ""
    return next(spoken, "") or agents_own or "en"


def _is_over_budget(turn: Turn) -> bool:
    """Tell whether the agent wrote as many replies here within the hour as the tenant allows: two bots may be talking.

    Reads at most the chat's latest 2 × budget messages, and those only when the latest twenty came within the hour.
    """
    budget = int(setting(current_tenant_id(), "reply_budget_per_hour"))
    hour_ago = timezone.now() - timedelta(hours=1)
    if len(turn.latest) < min(HISTORY, budget) or (turn.latest[-1].timestamp < hour_ago and budget >= HISTORY):
        return False
    window = turn.chat.contents.order_by("-sequence").values_list("is_automatic", "timestamp")[: 2 * budget]
    return sum(is_automatic and at > hour_ago for is_automatic, at in window) >= budget


def _stream(turn: Turn, lost: Flag) -> Reply:
    """Publish the reply as it comes; end at once when another process has the turn, or a person has the chat."""
    looked_at = time.monotonic()
    with closing(_parts(turn)) as parts:
        for index, part in enumerate(gathered(parts, GATHER_SECONDS)):
            if isinstance(part, Reply):
                return part
            if lost.is_set():
                raise LeaseLostError("The lease was lost while the reply was written.")
            if time.monotonic() - looked_at > LOOK_SECONDS:
                looked_at = time.monotonic()
                _refuse_if_overtaken(turn)
            delta = events.message_delta(
                reply_id=turn.reply_id,
                attempt=turn.attempt,
                in_response_to=turn.asked.pk,
                index=index,
                text=part,
            )
            publish(turn.chat.chat_id, delta)
            if index == 0:
                crash_point("reply.mid_stream")
    raise RuntimeError("The provider ended without a reply.")


def _refuse_if_overtaken(turn: Turn) -> None:
    with transaction.atomic():
        now = ChatModel.objects.filter(pk=turn.chat.pk).values_list("owner_version", flat=True).first()
    if now != turn.chat.owner_version:
        raise OvertakenError


def _parts(turn: Turn) -> Generator[str | Reply]:
    turns = tuple(_said(message) for message in reversed(turn.latest))
    yield from AgentService().stream_reply(
        agent_id=turn.agent_id, turns=turns, language=turn.language, attempt=turn.failures + 1, tone=turn.tone
    )


def _said(message: ContentChatModel) -> ConversationTurn:
    attached = "" if message.content_type == ContentType.TEXT else message.content_type
    return ConversationTurn(role=message.role, content=message.content, attached=attached)


def _store(lease: Lease, turn: Turn, reply: Reply) -> None:
    """Store the reply, what follows from it, and the end of the work, in one transaction."""
    reason = _reason_to_escalate(turn, reply)
    with transaction.atomic(), prepared_statements():
        post_message(
            chat_id=turn.chat.chat_id,
            content=_text(turn, reply, reason),
            sender=Sender.AGENT,
            in_response_to_id=turn.asked.pk,
            covers=turn.asked.sequence,
            owner_version=turn.chat.owner_version,
            is_automatic=True,
            language=reply.language,
            tokens_used=reply.tokens_used,
            model_used=reply.model_used,
            metadata={"citations": [vars(citation) for citation in reply.citations], "kind": reply.kind},
            reply_id=turn.reply_id,
        )
        if reason:
            escalate(chat_id=turn.chat.chat_id, reason=reason, message=turn.asked)
        if debounce_on(turn.chat.channel):
            let_go(turn.chat.contact_id)
        finish(lease)
        crash_point("reply.before_commit")
    crash_point("reply.after_commit")


def _reason_to_escalate(turn: Turn, reply: Reply) -> str:
    if reply.kind == "human":
        return "requested"
    return "agent_unsure" if is_unsure_too_often(reply.kind, turn.latest) else ""


def _text(turn: Turn, reply: Reply, reason: str) -> str:
    """Return what is stored: the reply, or what the person is told instead or as well when the staff take over."""
    if reason == "agent_unsure":
        return handover_notice(turn.chat.tenant, reason=reason, language=reply.language)
    if reason:
        with override(reply.language):
            return f"{reply.text} {opening_notice(turn.chat.tenant)}".rstrip()
    return reply.text


def give_turn_up(lease: Lease, error: str) -> None:
    """Hand a turn over that cannot be answered, in the transaction that gives it up (decision 6)."""
    message = ContentChatModel.objects.select_related("chat__tenant").filter(pk=int(lease.ref_id)).first()
    if message is not None:
        hand_over(message, reason="agent_failed")
