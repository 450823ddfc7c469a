"""One way to read a setting: the tenant's own, else the installation's, else the default (decision 20)."""

import json
from threading import Lock
from typing import Any
from uuid import UUID

from cachetools import TTLCache, cached
from django.db import connection, transaction

from tenants.services.config_values import parse_config_value

DEFAULTS: dict[str, Any] = {
    "default_model": "builtin",
    "max_conversation_length": 10_000,
    "rate_limit_per_hour": 100_000,
    "key_rate_limit_per_hour": 100_000,
    "visitor_rate_limit_per_hour": 5_000,
    "address_rate_limit_per_hour": 36_000,
    "socket_limit": 10_000,
    "key_socket_limit": 10_000,
    "visitor_socket_limit": 20,
    "maintenance_mode": False,
    "allowed_origins": [],
    "encryption_policy": "",
    "response_debounce": {},
    "reply_budget_per_hour": 60,
    "escalation_rules": {},
    "business_hours": {},
    "complete_after_hours": 24,
    "archive_after_hours": 168,
    "message_retention_days": None,
    "file_retention_days": None,
    "analysis_retention_days": None,
    "log_retention_days": None,
    "sentiment_analyzer": "automatic",
    "intent_threshold": None,
    "scheduled_reports": ["monthly"],
}
FRESH_SECONDS = 5
_known: TTLCache[Any, Any] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)

READ = """
SELECT (SELECT settings FROM tenants_tenantmodel WHERE id = %s),
       (SELECT jsonb_object_agg(config_key, jsonb_build_array(config_value, config_type)) FROM tenants_systemconfig)
"""


@cached(_known, lock=Lock())
def _read(tenant_id: UUID | None) -> dict[str, Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(READ, [tenant_id])
        own, installation = (json.loads(value or "{}") for value in cursor.fetchone())
    values = {key: parse_config_value(text, kind) for key, (text, kind) in installation.items()}
    return {**DEFAULTS, **values, **own}


def setting(tenant_id: UUID | None, key: str) -> Any:
    """Return a setting as it holds for a tenant (None: for the installation); up to five seconds old.

    Raises KeyError for a key that nobody knows.
    """
    return _read(tenant_id)[key]


def forget_settings() -> None:
    """Read anew at the next question: after a change in this process, and between tests."""
    _known.clear()
