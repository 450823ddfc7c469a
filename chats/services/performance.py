"""How fast conversations were answered, stage by stage (chats-migrations.md, "Monitoreo de Performance")."""

from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from agents.models import ModelPerformance
from metrics.services.reading import counted
from tenants.scope import current_tenant_id

SLOWEST: Final = 10
# From the last message that a reply covers to the reply itself, as its person saw it.
WAITS: Final = """
SELECT chat.chat_id, reply.sequence, reply.model_used,
       extract(epoch FROM reply.timestamp - asked.timestamp)::float8 AS seconds
FROM chats_contentchatmodel AS reply
JOIN chats_contentchatmodel AS asked ON asked.tenant_id = reply.tenant_id AND asked.id = reply.in_response_to_id
JOIN chats_chatmodel AS chat ON chat.tenant_id = reply.tenant_id AND chat.id = reply.chat_id
WHERE reply.tenant_id = %(tenant)s AND reply.timestamp >= %(since)s AND reply.is_automatic
  AND asked.timestamp <= reply.timestamp
"""
QUANTILES: Final = """count(*) AS count, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) AS p99, max(seconds) AS longest"""
REPLIES: Final = f"SELECT {QUANTILES} FROM ({WAITS}) AS waits"
BY_MODEL: Final = f"SELECT model_used AS model, {QUANTILES} FROM ({WAITS}) AS waits GROUP BY 1 ORDER BY 2 DESC, 1"
SLOW_ONES: Final = f"""
SELECT chat_id, sequence, model_used AS model, seconds FROM ({WAITS}) AS waits ORDER BY seconds DESC LIMIT {SLOWEST}
"""
# Done work is kept for seven days.
WORK: Final = f"""
SELECT kind, {QUANTILES}, sum(attempts)::int AS failures, sum(lost_leases)::int AS lost FROM (
    SELECT kind, attempts, lost_leases, extract(epoch FROM finished_at - created_at)::float8 AS seconds
    FROM tenants_workitem WHERE tenant_id = %(tenant)s AND state = 'done' AND finished_at >= %(since)s) AS done
GROUP BY kind ORDER BY kind
"""


def reply_figures(days: int) -> dict[str, Any]:
    """Return the current tenant's waits for replies in seconds, by model, the slowest ones, and its work by kind."""
    values = {"tenant": current_tenant_id(), "since": timezone.now() - timedelta(days=days)}
    return {
        "replies": _ask(REPLIES, values)[0],
        "by_model": _ask(BY_MODEL, values),
        "slowest": _ask(SLOW_ONES, values),
        "work": _ask(WORK, values),
    }


def stage_figures() -> list[dict[str, Any]]:
    """Return the pipeline's stages as all processes counted them, the costliest first; times in seconds."""
    found = [
        {"stage": dict(labels)["stage"], "count": int(each.value), "mean": each.mean(), "p95": each.quantile(0.95)}
        for labels, each in counted("pipeline_stage_seconds").items()
        if each.value
    ]
    return sorted(found, key=lambda row: -(row["mean"] or 0) * row["count"])


def model_figures(days: int) -> list[dict[str, Any]]:
    """Return what the installation's models came to: the mean of each figure over so many days, by its replies."""
    since = timezone.now() - timedelta(days=days)
    sums: dict[tuple[str, str], tuple[float, int]] = {}
    rows = ModelPerformance.objects.filter(recorded_at__gte=since).select_related("model")
    for row in rows.iterator():
        value, size = sums.get((row.model.name, row.metric_name), (0.0, 0))
        sums[row.model.name, row.metric_name] = (value + row.metric_value * row.sample_size, size + row.sample_size)
    return [
        {"model": model, "figure": figure, "mean": round(value / size, 3), "replies": size}
        for (model, figure), (value, size) in sorted(sums.items())
        if size
    ]


def _ask(query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
