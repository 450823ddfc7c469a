"""One's own notifications: what is unread, what was read, and how one wants to be told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from notifications.models import Digest, Notification, NotificationPreference, NotificationType, OutsideChannel
from notifications.realtime import person_group, publish_frame
from notifications.services.notifying import EMAILED_BY_DEFAULT
from tenants.commits import call_after_commit
from tenants.models import User
from tenants.scope import current_tenant_id

COUNTED_AT_MOST: Final = 100


@dataclass(frozen=True)
class Preference:
    """How a person is told of one type; the bell always rings."""

    notification_type: str
    channels: list[str]
    digest: str = Digest.NONE.value


def notifications_of(user: User) -> QuerySet[Notification]:
    """Return a person's notifications in the current tenant, the latest first."""
    return Notification.objects.filter(recipient=user).order_by("-created_at", "-id")


def count_unread(user: User) -> int:
    """Return how many a person has not read, counted to a hundred."""
    return notifications_of(user).filter(read_at__isnull=True).order_by()[:COUNTED_AT_MOST].count()


def mark_read(user: User, ids: Iterable[UUID] | None = None) -> int:
    """Mark a person's notifications as read (None: all of them); return how many were not.

    In the caller's transaction; the person's other open pages are told once it is committed.
    """
    unread = Notification.objects.filter(recipient=user, read_at__isnull=True)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    count = unread.update(read_at=Now())
    if count:
        call_after_commit(publish_frame, person_group(current_tenant_id(), user.pk), {"type": "notification.read"})
    return count


def preferences_of(user: User) -> list[Preference]:
    """Return for each type how a person is told of it: what they chose, else what holds for all."""
    chosen = {row.notification_type: row for row in NotificationPreference.objects.filter(user=user)}
    return [
        Preference(kind, list(chosen[kind].channels), str(chosen[kind].digest)) if kind in chosen else _default(kind)
        for kind in NotificationType.values
    ]


def choose_preferences(user: User, preferences: Iterable[Preference]) -> None:
    """Store how a person wants to be told, in the caller's transaction; types that are not named stay as they are."""
    rows = [
        NotificationPreference(
            tenant_id=current_tenant_id(),
            user=user,
            notification_type=each.notification_type,
            channels=each.channels,
            digest=each.digest,
        )
        for each in preferences
    ]
    NotificationPreference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["tenant", "user", "notification_type"],
        update_fields=["channels", "digest"],
    )


def _default(kind: str) -> Preference:
    return Preference(kind, [OutsideChannel.EMAIL.value] if kind in EMAILED_BY_DEFAULT else [], Digest.NONE.value)
