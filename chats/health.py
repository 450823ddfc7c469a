"""What conversations bring to a scrape, and what may be wrong with them."""

from collections.abc import Iterable, Mapping
from importlib import import_module

from django.db import connections

from metrics.services.scraping import SCRAPED, Figure, Scrape
from metrics.validators import add_model_validators
from tenants.scope import OPERATIONS


def active_chats() -> Mapping[str, Iterable[Figure]]:
    """Count the conversations that go on, by status (decision 19)."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("SELECT status, count(*) FROM chats_chatmodel WHERE is_active GROUP BY status")
        counted = dict(cursor.fetchall())
    counts = [Figure(counted.get(status, 0), (("status", status),)) for status in ("active", "waiting")]
    return {"active_chats": counts}


SCRAPED.add("active_chats", Scrape(("active_chats",), active_chats))
import_module("chats.validators")
add_model_validators("chats")
