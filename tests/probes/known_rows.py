"""Rows that a fuzzer may ask for, found by listing: a schema alone tells it no id."""

from typing import Any

from django.core.management import call_command

from tenants.models import TenantModel
from tests.probes.operations import PLACE, Operation, operations
from tests.probes.sending import own_body

# What names a row in a list, the most telling first.
NAMES = ("chat_id", "slug", "id")
# What a demo has none of.
MADE = [f"/api/v1/{name}/" for name in ("webhooks", "invitations", "intents", "provider-credentials", "api-keys")]
# They take the row, or the whole tenant, away from all that is asked afterwards.
ENDING = ("DELETE", "anonymize", "archive", "PATCH /api/v1/tenants/")


def fill(tenant: TenantModel) -> None:
    """Give the tenant what a demo has."""
    call_command("setup_demo_data", tenant=tenant.name, no_progress=True)


def settings_for(client: Any) -> str:
    """Return Schemathesis' settings: for each path the first row that the caller's lists show, made where it can be."""
    for path in MADE:
        client.post(path, own_body(next(one for one in operations() if str(one) == f"POST {path}")), format="json")
    listed: dict[str, str | None] = {}
    lines = []
    for operation in operations():
        known = _known(client, operation, listed)
        if known and not any(word in str(operation) for word in ENDING):
            lines += [
                "[[operations]]",
                f'include-path = "{operation.path}"',
                f'include-method = "{operation.method.upper()}"',
            ]
            lines += ["[operations.parameters]", *(f'"path.{name}" = "{value}"' for name, value in known.items()), ""]
    return "\n".join(lines)


def _known(client: Any, operation: Operation, listed: dict[str, str | None]) -> dict[str, str]:
    known: dict[str, str] = {}
    for place in PLACE.finditer(operation.path):
        collection = operation.path[: place.start()]
        for name, value in known.items():
            collection = collection.replace(f"{{{name}}}", value)
        if collection not in listed:
            listed[collection] = _first(client, collection)
        found = listed[collection]
        if found is None:
            return {}
        known[place[1]] = found
    return known


def _first(client: Any, collection: str) -> str | None:
    answer = client.get(collection)
    rows = answer.json().get("results", []) if answer.status_code == 200 else []
    return next((str(rows[0][name]) for name in NAMES if rows and name in rows[0]), None)
