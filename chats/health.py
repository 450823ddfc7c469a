"""What conversations bring to a scrape."""

from collections.abc import Iterable

from django.db import connections

from metrics.services.scraping import SCRAPED, Figure, ScrapedGauge
from tenants.scope import OPERATIONS


def active_chats() -> Iterable[Figure]:
    """Count the conversations that go on, by status (decision 19)."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("SELECT status, count(*) FROM chats_chatmodel WHERE is_active GROUP BY status")
        counted = dict(cursor.fetchall())
    return [Figure(counted.get(status, 0), (("status", status),)) for status in ("active", "waiting")]


SCRAPED.add("active_chats", ScrapedGauge("Conversations that go on.", active_chats))
