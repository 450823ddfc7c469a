"""Conversations in figures, hour by hour to month by month (chats-migrations.md, "Métricas de Conversación")."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection, transaction

from tenants.models import TenantModel
from tenants.scope import current_tenant_id


class Grain(StrEnum):
    """How long each line's stretch of time is."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


# The unit as PostgreSQL names it, and how many of them are told.
STRETCHES: Final = {Grain.HOURLY: ("hour", 24), Grain.DAILY: ("day", 30), Grain.WEEKLY: ("week", 12),
                    Grain.MONTHLY: ("month", 12)}  # fmt: skip
# Days begin at the tenant's midnight. How long a conversation took is known once it is over.
FIGURES: Final = """
WITH bounds AS (
    SELECT date_trunc(%(unit)s, now() AT TIME ZONE %(zone)s) AS latest, ('1 ' || %(unit)s)::interval AS step
), stretches AS (
    SELECT latest - step * number AS begins, (latest - step * number) AT TIME ZONE %(zone)s AS since,
           (latest - step * (number - 1)) AT TIME ZONE %(zone)s AS until
    FROM bounds, generate_series(%(count)s - 1, 0, -1) AS number
), held AS (
    SELECT stretches.begins, count(*) AS conversations,
        count(*) FILTER (WHERE NOT chat.is_active) AS finished,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM chat.last_activity - chat.created_at))
            FILTER (WHERE NOT chat.is_active AND chat.message_count > 0) AS resolution_seconds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY figures.first_response_ms) / 1000 AS first_response_seconds,
        count(figures.id) AS known, count(*) FILTER (WHERE figures.escalated) AS escalated,
        count(*) FILTER (WHERE figures.resolved_by = 'agent') AS resolved_by_agent,
        count(figures.user_satisfaction_rating) AS ratings, avg(figures.user_satisfaction_rating) AS rating
    FROM stretches JOIN chats_chatmodel AS chat ON chat.created_at >= since AND chat.created_at < until
    LEFT JOIN analysis_conversationanalytics AS figures ON figures.chat_id = chat.id
    WHERE chat.tenant_id = %(tenant)s AND chat.status <> 'deleted' GROUP BY stretches.begins
), said AS (
    SELECT stretches.begins, count(*) AS messages, count(*) FILTER (WHERE sender = 'user') AS from_people,
        count(*) FILTER (WHERE sender = 'agent') AS from_agents, count(*) FILTER (WHERE sender = 'staff') AS from_staff
    FROM stretches JOIN chats_contentchatmodel AS message ON message.timestamp >= since AND message.timestamp < until
    WHERE message.tenant_id = %(tenant)s GROUP BY stretches.begins
)
SELECT begins, coalesce(conversations, 0), coalesce(messages, 0), coalesce(from_people, 0), coalesce(from_agents, 0),
    coalesce(from_staff, 0), coalesce(finished, 0), first_response_seconds, resolution_seconds,
    CASE WHEN known > 0 THEN escalated::float8 / known END, coalesce(resolved_by_agent, 0), coalesce(ratings, 0), rating
FROM stretches LEFT JOIN held USING (begins) LEFT JOIN said USING (begins) ORDER BY begins
"""


@dataclass(frozen=True)
class Stretch:
    """One line: what began and was said from `begins` on, in the tenant's time zone. Times are medians, in seconds.

    `escalation_rate` is of the conversations that were looked back at; None where nothing is known.
    """

    begins: datetime
    conversations: int
    messages: int
    from_people: int
    from_agents: int
    from_staff: int
    finished: int
    first_response_seconds: float | None
    resolution_seconds: float | None
    escalation_rate: float | None
    resolved_by_agent: int
    ratings: int
    rating: float | None


def chat_metrics(tenant: TenantModel, grain: Grain) -> list[Stretch]:
    """Return the current tenant's latest stretches of time, the oldest first and the one that runs last."""
    unit, count = STRETCHES[grain]
    values: dict[str, Any] = {"tenant": current_tenant_id(), "zone": tenant.timezone, "unit": unit, "count": count}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FIGURES, values)
        return [Stretch(*(_rounded(value) for value in row)) for row in cursor.fetchall()]


def _rounded(value: Any) -> Any:
    return value if value is None or isinstance(value, int | datetime) else round(float(value), 3)
