"""Moods by agent and period, for who looks back over a stretch of time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from agents.models import AgentModel
from tenants.scope import current_tenant_id

BY_AGENT: Final = """
SELECT agent.slug, to_char(found.timestamp, 'IYYY"-W"IW') AS week, count(*) FILTER (WHERE sentiment = 'positive'),
    count(*) FILTER (WHERE sentiment = 'neutral'), count(*) FILTER (WHERE sentiment = 'negative'), round(avg(score), 2)
FROM analysis_sentimentchatmodel AS found
JOIN chats_chatmodel AS chat ON chat.tenant_id = found.tenant_id AND chat.id = found.chat_id
LEFT JOIN agents_agentmodel AS agent ON agent.tenant_id = chat.tenant_id AND agent.id = chat.agent_id
WHERE found.tenant_id = %(tenant)s AND found.timestamp >= coalesce(%(since)s::timestamptz, '-infinity')
  AND (%(agent)s::uuid IS NULL OR chat.agent_id = %(agent)s)
GROUP BY agent.slug, week ORDER BY agent.slug NULLS LAST, week
"""


@dataclass(frozen=True)
class AgentMoods:
    """How people sounded with an agent (None: without one) in a week (ISO, `2026-W47`)."""

    agent: str | None
    week: str
    positive: int
    neutral: int
    negative: int
    score: float


def moods_by_agent(*, since: datetime | None = None, agent: AgentModel | None = None) -> list[AgentMoods]:
    """Return the current tenant's moods since a time, of one agent or each, week by week."""
    values = {"tenant": current_tenant_id(), "since": since, "agent": agent.pk if agent else None}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_AGENT, values)
        return [
            AgentMoods(agent_slug, week, positive, neutral, negative, float(score))
            for agent_slug, week, positive, neutral, negative, score in cursor.fetchall()
        ]
