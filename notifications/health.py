"""What webhooks bring to a scrape: how the endpoints do, what waits for them, and since when."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.db import connections

from metrics.services.scraping import SCRAPED, Figure, Scrape
from metrics.validators import add_model_validators
from tenants.scope import OPERATIONS

STATES: Final = ("active", "failing", "off")
COUNTED_AT_MOST: Final = 20_000

# The deliveries that wait have an index of their own; of more than the bound, the rest is not looked at.
WAITING: Final = """
WITH endpoints AS (
    SELECT tenant_id, id, CASE WHEN NOT is_active THEN 'off' WHEN failing_since IS NULL THEN 'active' ELSE 'failing' END
        AS state FROM notifications_webhookendpoint
), waiting AS (
    SELECT tenant_id, endpoint_id, created_at FROM notifications_webhookdelivery
    WHERE status = 'pending' LIMIT %s
), counted AS (
    SELECT e.state, count(*) AS deliveries, extract(epoch FROM now() - min(w.created_at)) AS age
    FROM waiting AS w JOIN endpoints AS e ON e.tenant_id = w.tenant_id AND e.id = w.endpoint_id GROUP BY e.state
)
SELECT e.state, count(*), coalesce(max(c.deliveries), 0), coalesce(max(c.age), 0)
FROM endpoints AS e LEFT JOIN counted AS c USING (state) GROUP BY e.state
"""


def read_webhooks() -> Mapping[str, Iterable[Figure]]:
    """Read how many endpoints do well, what waits for them, and how old the oldest of that is (endpoints on alone)."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(WAITING, [COUNTED_AT_MOST])
        found = {state: (endpoints, waiting, float(age)) for state, endpoints, waiting, age in cursor.fetchall()}
    none = (0, 0, 0.0)
    return {
        "webhook_endpoints": [Figure(found.get(state, none)[0], (("state", state),)) for state in STATES],
        "webhook_waiting": [Figure(found.get(state, none)[1], (("state", state),)) for state in STATES],
        "webhook_oldest_seconds": [Figure(max(found.get(state, none)[2] for state in ("active", "failing")))],
    }


SCRAPED.add("webhooks", Scrape(("webhook_endpoints", "webhook_waiting", "webhook_oldest_seconds"), read_webhooks))
add_model_validators("notifications")
