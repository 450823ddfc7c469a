"""Counting days: a day's figures are read from its rows by a few statements over sets, and kept (DayFigures).

`figures` of a day, with only what there was:
    agents    by agent's id ("" without one): conversations, from_people, from_agents, from_staff, tokens, analyzed,
              escalated, by_agent, by_staff, first (times to the first reply by step, see STEP), ratings by stars,
              positive, neutral, negative, score (sum of the moods)
    all       the same of all agents together, and reply
    channels  conversations by channel      hours   people's messages by hour of the tenant's day
    reasons   handed over, by reason        models  [replies, tokens] by model
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from analysis.models import DayFigures
from analysis.services.periods import Period
from tenants.models import TenantModel
from tenants.scope import current_tenant_id

# Times are counted in steps of a tenth of their size: 40 s and 44 s are one step apart, so that medians of any
# stretch of days can be told to five percent without one of the times themselves.
STEP: Final = 1.1
RECENT_DAYS: Final = 31
IN_DAY: Final = "tenant_id = %(tenant)s AND {0} >= %(begin)s AND {0} < %(end)s"
SAID: Final = f"""
SELECT chat.agent_id, said.sender, said.hour, said.model_used, said.messages, said.tokens FROM (
    SELECT chat_id, sender, extract(hour FROM timestamp AT TIME ZONE %(zone)s)::int AS hour, model_used,
        count(*) AS messages, sum(tokens_used) AS tokens
    FROM chats_contentchatmodel WHERE {IN_DAY.format("timestamp")} AND sender <> 'system'
    GROUP BY chat_id, sender, hour, model_used) AS said
JOIN chats_chatmodel AS chat ON chat.tenant_id = %(tenant)s AND chat.id = said.chat_id
"""
SAID_BY_AGENT: Final = f"""
SELECT agent_id, sender, hour, model_used, sum(messages)::bigint, sum(tokens)::bigint FROM ({SAID}) AS said
GROUP BY agent_id, sender, hour, model_used
"""
BEGUN: Final = f"""
SELECT agent_id, channel, count(*) FROM chats_chatmodel WHERE {IN_DAY.format("created_at")} GROUP BY agent_id, channel
"""
STEP_OF: Final = "floor(ln(CASE WHEN {0} < 1 THEN 1 ELSE {0} END) / ln(1.1))::int"
KNOWN: Final = f"""
SELECT agent_id, resolved_by, escalated, escalation_reason, user_satisfaction_rating,
    {STEP_OF.format("first_response_ms")} AS first, {STEP_OF.format("response_time_ms")} AS reply, count(*)
FROM analysis_conversationanalytics WHERE {IN_DAY.format("began_at")} GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
MOODS: Final = f"""
SELECT chat.agent_id, sentiment, count(*), sum(score) FROM analysis_sentimentchatmodel AS mood
JOIN chats_chatmodel AS chat ON chat.tenant_id = %(tenant)s AND chat.id = mood.chat_id
WHERE mood.{IN_DAY.format("timestamp")} GROUP BY agent_id, sentiment
"""
# What was once counted and is gone since was removed by its retention: the day keeps what it was.
KEEP: Final = """
INSERT INTO analysis_dayfigures AS had (tenant_id, day, figures, counted_at)
VALUES (%(tenant)s, %(day)s, %(figures)s, %(at)s)
ON CONFLICT (tenant_id, day) DO UPDATE SET counted_at = EXCLUDED.counted_at, figures =
    CASE WHEN (had.figures ->> 'messages')::bigint > (EXCLUDED.figures ->> 'messages')::bigint THEN had.figures
         ELSE EXCLUDED.figures END
"""
USED_BY: Final = """
INSERT INTO analysis_usagemetric
    (tenant_id, contact_id, user_id, date, total_conversations, total_messages, total_tokens)
SELECT %(tenant)s, {contact}, {user}, %(day)s, count(DISTINCT said.chat_id), count(*), sum(said.tokens_used)
FROM chats_contentchatmodel AS said
JOIN chats_chatmodel AS chat ON chat.tenant_id = %(tenant)s AND chat.id = said.chat_id
WHERE said.{day} AND {which} GROUP BY {by}
ON CONFLICT (tenant_id, date, {column}) DO UPDATE SET total_conversations = EXCLUDED.total_conversations,
    total_messages = EXCLUDED.total_messages, total_tokens = EXCLUDED.total_tokens
"""
USED_BY_CONTACTS: Final = USED_BY.format(
    contact="chat.contact_id", user="NULL::uuid", by="chat.contact_id", column="contact_id",
    day=IN_DAY.format("timestamp"), which="chat.contact_id IS NOT NULL AND said.sender <> 'system'",
)  # fmt: skip
USED_BY_STAFF: Final = USED_BY.format(
    contact="NULL::uuid", user="said.author_id", day=IN_DAY.format("timestamp"), by="said.author_id", column="user_id",
    which="said.author_id IS NOT NULL AND said.sender = 'staff'",
)  # fmt: skip
CHANGED: Final = """
SELECT DISTINCT (found.began_at AT TIME ZONE %(zone)s)::date FROM analysis_conversationanalytics AS found
LEFT JOIN analysis_dayfigures AS day
    ON day.tenant_id = %(tenant)s AND day.day = (found.began_at AT TIME ZONE %(zone)s)::date
WHERE found.tenant_id = %(tenant)s AND found.began_at >= %(begin)s AND found.updated_at > day.counted_at
"""
SENDERS: Final = {"user": "from_people", "agent": "from_agents", "staff": "from_staff"}
FRESH: Final = timedelta(minutes=5)
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Two that count the same day at once would wait for each other's rows in different orders.
ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s::text || %(day)s::text, 0))"
Counts = dict[str, Any]


def count_days(days: Iterable[date]) -> Iterator[date]:
    """Count days of the current tenant, each in a transaction of its own, and yield each when that is done."""
    zone = tenant_zone()
    for day in days:
        count_day(day, zone)
        yield day


def count_day(day: date, zone: str) -> None:
    """Count one day of the current tenant; safe to repeat."""
    period = Period(day, day, zone)
    values: dict[str, Any] = {
        "tenant": current_tenant_id(), "begin": period.begin, "end": period.end, "zone": zone, "day": day,
        "at": timezone.now(),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ALONE, values)
        figures = _figures(cursor, values)
        cursor.execute(KEEP, {**values, "figures": json.dumps(figures)})
        cursor.execute(USED_BY_CONTACTS, values)
        cursor.execute(USED_BY_STAFF, values)


def uncounted(first: date, last: date) -> list[date]:
    """Return the days of a stretch, up to today, that were not counted since they ended, or in the last minutes."""
    zone = tenant_zone()
    last = min(last, today_in(zone))
    if last < first:
        return []
    with transaction.atomic():  # a day without “all” was counted by a version that kept less
        rows = DayFigures.objects.filter(day__range=(first, last), figures__has_key="all")
        known = dict(rows.values_list("day", "counted_at"))
    days, fresh = Period(first, last, zone).days(), timezone.now() - FRESH
    return [day for day in days if day not in known or known[day] < min(Period(day, day, zone).end, fresh)]


def forget_days(since: datetime, until: datetime) -> None:
    """Have the current tenant's days between two times counted again; what they were counted to stays until then."""
    first, last = (moment.date() + timedelta(days=by) for moment, by in ((since, -1), (until, 1)))  # any time zone
    DayFigures.objects.filter(day__range=(first, last)).update(counted_at=NEVER)


def stale_days() -> list[date]:
    """Return the recent days to count again: those not counted to their end, and those whose conversations changed."""
    zone = tenant_zone()
    today = today_in(zone)
    period = Period(today - timedelta(days=RECENT_DAYS), today, zone)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CHANGED, {"tenant": current_tenant_id(), "begin": period.begin, "zone": zone})
        changed = {day for (day,) in cursor.fetchall()}
    return sorted(changed | set(uncounted(period.first, today)))


def refresh_days() -> None:
    """Count the current tenant's stale days: what the schedule runs."""
    for _day in count_days(stale_days()):
        pass


def tenant_zone() -> str:
    """Return the time zone of the current tenant's calendar."""
    with transaction.atomic():
        zone: str = TenantModel.objects.values_list("timezone", flat=True).get(pk=current_tenant_id())
    return zone


def today_in(zone: str) -> date:
    """Return today's date in a time zone."""
    return timezone.now().astimezone(ZoneInfo(zone)).date()


def _figures(cursor: Any, values: dict[str, Any]) -> Counts:
    found: Counts = {"messages": 0, "agents": defaultdict(Counter), "hours": Counter(), "models": {}}
    for agent, *said in _ask(cursor, SAID_BY_AGENT, values):
        _count_said(found, found["agents"][str(agent or "")], *said)
    found["channels"] = Counter()
    for agent, channel, count in _ask(cursor, BEGUN, values):
        found["agents"][str(agent or "")]["conversations"] += count
        found["channels"][channel] += count
    found["reasons"] = Counter()
    for agent, *known in _ask(cursor, KNOWN, values):
        _count_known(found, found["agents"][str(agent or "")], *known)
    for agent, sentiment, count, score in _ask(cursor, MOODS, values):
        counts = found["agents"][str(agent or "")]
        counts[sentiment] += count
        counts["score"] = round(counts["score"] + float(score), 2)
    found["all"] = together(found["agents"].values())
    for agent in found["agents"].values():
        agent.pop("reply", None)  # half of the row, and told of all agents together alone
    return found


def together(agents: Iterable[Mapping[str, Any]]) -> Counts:
    """Return the sum of what a day holds of several agents."""
    total: Counts = {}
    for agent in agents:
        for name, value in agent.items():
            if isinstance(value, Mapping):
                steps = total.setdefault(name, {})
                for step, count in value.items():
                    steps[step] = steps.get(step, 0) + count
            else:
                total[name] = round(total.get(name, 0) + value, 2)
    return total


def _count_said(found: Counts, agent: Counts, sender: str, hour: int, model: str, messages: int, tokens: int) -> None:
    found["messages"] += messages
    agent[SENDERS.get(sender, sender)] += messages
    agent["tokens"] += tokens
    if sender == "user":
        found["hours"][str(hour)] += messages
    if sender == "agent":
        had = found["models"].get(model, [0, 0])
        found["models"][model] = [had[0] + messages, had[1] + tokens]


def _count_known(found: Counts, agent: Counts, resolver: str, escalated: bool, reason: str, stars: int | None,  # noqa: FBT001 - a row
                 first: int | None, reply: int | None, count: int) -> None:  # fmt: skip
    agent["analyzed"] += count
    if resolver != "none":
        agent[f"by_{resolver}"] += count
    if escalated:
        agent["escalated"] += count
        found["reasons"][reason] += count
    for name, value in (("ratings", stars), ("first", first), ("reply", reply)):
        if value is not None:
            steps = agent.setdefault(name, {})
            steps[str(value)] = steps.get(str(value), 0) + count


def _ask(cursor: Any, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    cursor.execute(query, values)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
