"""Telling the staff: one notification for each event and person, however often a task tells of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from metrics.services import MetricsService
from notifications.models import (
    Digest,
    Notification,
    NotificationPreference,
    NotificationType,
    OutsideChannel,
    Room,
    RoomMessage,
)
from notifications.realtime import person_group, publish_frame
from tenants.commits import call_after_commit
from tenants.models import Membership, Role, User
from tenants.scope import all_tenants, current_tenant_id
from tenants.services.work import WORK_KINDS, enqueue

KIND: Final = "notification"
# What reaches people outside the administration when they have chosen nothing.
EMAILED_BY_DEFAULT: Final = frozenset(
    {
        NotificationType.ESCALATION,
        NotificationType.WEBHOOK_PAUSED,
        NotificationType.WORK_DIED,
        NotificationType.REPORT_READY,
        NotificationType.PERFORMANCE,
    }
)
ANSWERING: Final = (Role.AGENT, Role.ADMIN, Role.OWNER)
RUNNING: Final = (Role.ADMIN, Role.OWNER)
ESCALATIONS: Final = {
    "requested": gettext_noop("A conversation waits for a person, who was asked for."),
    "negative_sentiment": gettext_noop("A conversation waits for a person: somebody is upset."),
    "agent_unsure": gettext_noop("A conversation waits for a person: the agent does not know the answer."),
    "agent_failed": gettext_noop("A conversation waits for a person: the agent cannot answer."),
    "no_agent": gettext_noop("A conversation waits for a person: there is no active agent."),
    "reply_budget": gettext_noop("A conversation waits for a person: the agent has written too many replies."),
    "rule": gettext_noop("A conversation waits for a person, as your rules say."),
}
ESCALATED: Final = gettext_noop("A conversation waits for a person.")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What is told: English text as gettext knows it, its values, ids for links, and the key that makes it one."""

    notification_type: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    dedupe_key: str = ""


class NotificationService:
    """Writes notifications in the caller's transaction and tenant; what goes outside follows by work rows."""

    @staticmethod
    def send_notification(
        recipient: User | None,
        message: str,
        notification_type: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        dedupe_key: str = "",
    ) -> Notification | None:
        """Tell one person; None without a recipient, or when they were told already (the same `dedupe_key`)."""
        if recipient is None:
            return None
        told = tell(
            [recipient.pk],
            Notice(
                notification_type=notification_type,
                message=message,
                params=dict(params or {}),
                data=dict(data or {}),
                dedupe_key=dedupe_key,
            ),
        )
        return told[0] if told else None

    @staticmethod
    def send_escalation_alert(chat: Any, message: Any, reason: str) -> list[Notification]:
        """Tell the staff that a chat waits for a person, once for each time that it does.

        The member that the chat is assigned to, else everybody who may answer, and the team's rooms. `message` is the
        one that led to it, or None; its words are not in the notification.
        """
        notice = Notice(
            notification_type=NotificationType.ESCALATION,
            message=ESCALATIONS.get(reason, ESCALATED),
            data={"chat_id": str(chat.chat_id), "reason": reason, "message": str(message.pk) if message else None},
            dedupe_key=f"escalation:{chat.chat_id}:{chat.owner_version}",
        )
        told = tell([chat.assigned_to_id] if chat.assigned_to_id else members(ANSWERING), notice)
        tell_rooms(notice)
        return told


def members(roles: Iterable[str]) -> list[UUID]:
    """Return the users who have one of these roles in the current tenant."""
    rows = Membership.objects.filter(role__in=list(roles), user__is_active=True)
    return list(rows.order_by("created_at").values_list("user_id", flat=True))


def operators_by_tenant() -> dict[UUID, list[UUID]]:
    """Return who runs the installation, by the tenants that each is a member of: where what is nobody's is told."""
    found: dict[UUID, list[UUID]] = {}
    with all_tenants():
        members_of = Membership.objects.filter(
            user__is_superuser=True, user__is_active=True, tenant__is_active=True
        ).order_by("created_at")
        for tenant_id, user_id in members_of.values_list("tenant_id", "user_id"):
            found.setdefault(tenant_id, []).append(user_id)
    return found


def tell(user_ids: Iterable[UUID], notice: Notice) -> list[Notification]:
    """Write a notification for each person who has none of this key; return the new ones."""
    wanted = list(dict.fromkeys(user_ids))
    with transaction.atomic():
        if notice.dedupe_key:
            had = Notification.objects.filter(recipient_id__in=wanted, dedupe_key=notice.dedupe_key)
            known = set(had.values_list("recipient_id", flat=True))
            wanted = [user_id for user_id in wanted if user_id not in known]
        emails = _wanted_emails(wanted, notice.notification_type)
        told = [
            Notification.objects.create(
                recipient_id=user_id,
                notification_type=notice.notification_type,
                message=notice.message,
                params=notice.params,
                data=notice.data,
                dedupe_key=notice.dedupe_key,
                wants_email=emails[user_id],
            )
            for user_id in wanted
        ]
        for notification in told:
            if notification.wants_email == Digest.NONE:
                _enqueue(f"email:{notification.pk}")
            call_after_commit(ring_bell, notification)
        if told:
            call_after_commit(_count, notice.notification_type, len(told))
    return told


def _count(notification_type: str, people: int) -> None:
    MetricsService.increment_counter("notifications_created", {"type": str(notification_type)}, people)


def tell_rooms(notice: Notice) -> None:
    """Tell every room of the team that wants this type, once for each key; in the caller's transaction."""
    rooms = Room.objects.filter(is_active=True, types__contains=[notice.notification_type])
    for room in rooms:
        message, is_new = RoomMessage.objects.get_or_create(
            room=room,
            dedupe_key=notice.dedupe_key,
            defaults={
                "notification_type": notice.notification_type,
                "message": notice.message,
                "params": notice.params,
                "data": notice.data,
            },
        )
        if is_new:
            _enqueue(f"room:{message.pk}")


def ring_bell(notification: Notification) -> None:
    """Tell the person's open pages that there is something new; they ask for it in their own language."""
    frame = {
        "type": "notification",
        "notification": {
            "id": str(notification.pk),
            "notification_type": notification.notification_type,
            "data": notification.data,
            "created_at": notification.created_at.isoformat().replace("+00:00", "Z"),
        },
    }
    publish_frame(person_group(notification.tenant_id, notification.recipient_id), frame)


def _enqueue(reference: str) -> None:
    enqueue(kind=KIND, dedupe_key=f"{KIND}:{reference}", tenant_id=current_tenant_id(), ref_id=reference)
    call_after_commit(WORK_KINDS[KIND].ring, reference)


def _wanted_emails(user_ids: list[UUID], notification_type: str) -> dict[UUID, str]:
    """Return for each person how e-mails of a type are gathered, `none` for at once; empty for no e-mail."""
    if not settings.EMAIL_URL:
        return dict.fromkeys(user_ids, "")
    default = Digest.NONE.value if notification_type in EMAILED_BY_DEFAULT else ""
    wanted: dict[UUID, str] = dict.fromkeys(user_ids, default)
    chosen = NotificationPreference.objects.filter(user_id__in=user_ids, notification_type=notification_type)
    for user_id, channels, digest in chosen.values_list("user_id", "channels", "digest"):
        wanted[user_id] = digest if OutsideChannel.EMAIL in channels else ""
    return wanted
