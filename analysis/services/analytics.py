"""Figures of a period: each from an index by time, so that the cost follows the period and not what came before it."""

from datetime import date
from typing import Any, Final

from django.db import connection

from analysis.services.periods import Period
from tenants.scope import current_tenant_id

CONVERSATIONS: Final = """
SELECT (created_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS conversations
FROM chats_chatmodel WHERE tenant_id = %(tenant)s AND created_at >= %(begin)s AND created_at < %(end)s GROUP BY day
"""
MESSAGES: Final = """
SELECT count(*) AS messages FROM chats_contentchatmodel
WHERE tenant_id = %(tenant)s AND timestamp >= %(begin)s AND timestamp < %(end)s
"""
MOODS: Final = """
SELECT (timestamp AT TIME ZONE %(zone)s)::date AS day, count(*) FILTER (WHERE sentiment = 'positive') AS positive,
    count(*) FILTER (WHERE sentiment = 'neutral') AS neutral,
    count(*) FILTER (WHERE sentiment = 'negative') AS negative, sum(score) AS score
FROM analysis_sentimentchatmodel
WHERE tenant_id = %(tenant)s AND timestamp >= %(begin)s AND timestamp < %(end)s GROUP BY day
"""
OUTCOMES: Final = """
    count(*) AS analyzed, count(*) FILTER (WHERE escalated) AS escalated,
    count(*) FILTER (WHERE resolved_by = 'agent') AS resolved_by_agent,
    count(*) FILTER (WHERE resolved_by = 'staff') AS resolved_by_staff,
    round(avg(sentiment_score), 2) AS sentiment_score,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY response_time_ms) AS response_time_ms,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY first_response_ms) AS first_response_ms,
    count(user_satisfaction_rating) AS ratings, round(avg(user_satisfaction_rating), 2) AS rating
"""
IN_PERIOD: Final = "figures.tenant_id = %(tenant)s AND began_at >= %(begin)s AND began_at < %(end)s"
WHOLE: Final = f"SELECT {OUTCOMES} FROM analysis_conversationanalytics AS figures WHERE {IN_PERIOD}"
RATINGS: Final = f"""
SELECT user_satisfaction_rating AS stars, count(*) AS ratings FROM analysis_conversationanalytics AS figures
WHERE {IN_PERIOD} AND user_satisfaction_rating IS NOT NULL GROUP BY stars
"""
AGENTS: Final = f"""
WITH held AS (
    SELECT agent_id, count(*) AS conversations FROM chats_chatmodel
    WHERE tenant_id = %(tenant)s AND created_at >= %(begin)s AND created_at < %(end)s GROUP BY agent_id
), known AS (
    SELECT agent_id, {OUTCOMES} FROM analysis_conversationanalytics AS figures WHERE {IN_PERIOD} GROUP BY agent_id
)
SELECT agent.slug AS agent, agent.name, held.conversations, known.*
FROM held LEFT JOIN known ON known.agent_id IS NOT DISTINCT FROM held.agent_id
LEFT JOIN agents_agentmodel AS agent ON agent.tenant_id = %(tenant)s AND agent.id = held.agent_id
ORDER BY held.conversations DESC, agent.slug
"""
INTENTS: Final = """
SELECT intent.id AS intent, intent.name, count(*) AS messages FROM analysis_messageintent AS found
LEFT JOIN analysis_intent AS intent ON intent.tenant_id = %(tenant)s AND intent.id = found.intent_id
WHERE found.tenant_id = %(tenant)s AND timestamp >= %(begin)s AND timestamp < %(end)s
GROUP BY intent.id, intent.name ORDER BY messages DESC, intent.name
"""
BY_INTENT: Final = f"""
SELECT main_intent_id AS intent, {OUTCOMES} FROM analysis_conversationanalytics AS figures
WHERE {IN_PERIOD} AND main_intent_id IS NOT NULL GROUP BY main_intent_id
"""
CORRECTED: Final = """
SELECT count(*) AS corrected, count(*) FILTER (WHERE original ->> 'sentiment' <> sentiment) AS changed
FROM analysis_sentimentchatmodel
WHERE tenant_id = %(tenant)s AND corrected_at >= %(begin)s AND corrected_at < %(end)s
"""
NO_MOODS: Final = {"positive": 0, "neutral": 0, "negative": 0}


def overview(period: Period) -> dict[str, Any]:
    """Return how the tenant's conversations went: counts, outcomes, times in ms, ratings and moods, day by day."""
    conversations = {row["day"]: row["conversations"] for row in _ask(CONVERSATIONS, period)}
    moods = _moods(period)
    stars = {row["stars"]: row["ratings"] for row in _ask(RATINGS, period)}
    return {
        "conversations": sum(conversations.values()),
        **_ask(MESSAGES, period)[0],
        **_outcomes(_ask(WHOLE, period)[0]),
        "rating_distribution": {str(number): stars.get(number, 0) for number in range(1, 6)},
        "sentiment": _total(moods),
        "days": [
            {"day": day, "conversations": conversations.get(day, 0), **_counts(moods.get(day))} for day in period.days()
        ],
    }


def by_agent(period: Period) -> list[dict[str, Any]]:
    """Return each agent's conversations and how they went, the busiest first; `agent` None where none was set."""
    return [
        {"agent": row["agent"], "name": row["name"], "conversations": row["conversations"], **_outcomes(row)}
        for row in _ask(AGENTS, period)
    ]


def sentiment(period: Period) -> dict[str, Any]:
    """Return people's moods in total and day by day, and how often the staff corrected the analysis."""
    moods = _moods(period)
    days = [{"day": day, **_counts(moods.get(day)), "score": _mean(moods.get(day))} for day in period.days()]
    corrected = _ask(CORRECTED, period)[0]
    return {**_total(moods), "corrections": corrected["corrected"], "corrections_that_changed": corrected["changed"],
            "days": days}  # fmt: skip


def by_intent(period: Period) -> list[dict[str, Any]]:
    """Return how often each intent was met and how its conversations went; `intent` None: none of the tenant's."""
    outcomes = {row["intent"]: _outcomes(row) for row in _ask(BY_INTENT, period)}
    found = _ask(INTENTS, period)
    total = sum(row["messages"] for row in found)
    return [
        {**row, "share": round(row["messages"] / total, 4), **outcomes.get(row["intent"], _outcomes({}))}
        for row in found
    ]


def _ask(query: str, period: Period) -> list[dict[str, Any]]:
    values: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "begin": period.begin,
        "end": period.end,
        "zone": period.zone,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, {**values, "tenant": current_tenant_id()})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _moods(period: Period) -> dict[date, dict[str, Any]]:
    return {row.pop("day"): row for row in _ask(MOODS, period)}


def _counts(moods: dict[str, Any] | None) -> dict[str, int]:
    return {name: (moods or NO_MOODS)[name] for name in NO_MOODS}


def _mean(moods: dict[str, Any] | None) -> float | None:
    if moods is None:
        return None
    return round(float(moods["score"]) / max(sum(_counts(moods).values()), 1), 2)


def _total(moods: dict[date, dict[str, Any]]) -> dict[str, Any]:
    rows = list(moods.values())
    total = {name: sum(row[name] for row in rows) for name in NO_MOODS}
    return {**total, "score": _mean({**total, "score": sum(row["score"] for row in rows)}) if rows else None}


def _outcomes(row: dict[str, Any]) -> dict[str, Any]:
    def number(name: str) -> float | None:
        return None if row.get(name) is None else float(row[name])

    analyzed = row.get("analyzed") or 0
    return {
        "analyzed": analyzed,
        "escalated": row.get("escalated") or 0,
        "escalation_rate": round((row.get("escalated") or 0) / analyzed, 4) if analyzed else None,
        "resolved_by_agent": row.get("resolved_by_agent") or 0,
        "resolved_by_staff": row.get("resolved_by_staff") or 0,
        "sentiment_score": number("sentiment_score"),
        "response_time_ms": number("response_time_ms"),
        "first_response_ms": number("first_response_ms"),
        "ratings": row.get("ratings") or 0,
        "rating": number("rating"),
    }
