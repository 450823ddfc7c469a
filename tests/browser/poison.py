"""Fills a tenant with hostile text in every column that people's words may stand in; run beside a test's installation.

usage: python -m tests.browser.poison TENANT CORPUS.json
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, Final

NO_WORDS: Final = re.compile(
    r"hash|key_(?!name)|token|path|mime|slug|sealed|wrapped|url|secret|media|thumbnail|fingerprint|dedupe|version|language|status"
    r"|timezone|email|external_id|request_id|action|object_|client_|session_id|search|channel|kind|state|_type$"
)
ROWS: Final = 60  # of each kind


def main(tenant_name: str, texts: list[str]) -> None:
    """Make the tenant as a demo, then overwrite its words."""
    from django.core.management import call_command

    from tenants.models import TenantModel
    from tenants.scope import in_tenant

    call_command("setup_demo_data", "--tenant", tenant_name, "--no-progress")
    tenant = TenantModel.objects.get(name=tenant_name)
    TenantModel.objects.filter(pk=tenant.pk).update(display_name=texts[0][:100])
    supply = cycle(texts)
    with in_tenant(tenant):
        _add_rows(tenant, supply)
    for model in _kinds():
        with in_tenant(tenant):
            count = _poison(model, supply)
        print(f"{model._meta.label}: {count}")  # noqa: T201
    with in_tenant(tenant):
        _name_everything(texts)
        _converse(texts)


def _kinds() -> list[Any]:
    from django.apps import apps

    from tenants.models import TenantOwned

    return [
        model
        for model in apps.get_models()
        if issubclass(model, TenantOwned) and model._meta.managed and model.__name__ not in {"AuditLog", "DataKey"}
    ]


def _add_rows(tenant: Any, supply: Iterator[str]) -> None:
    """Add what a demo has none of."""
    from audit.models import ErrorLog
    from audit.services.events import AuditService
    from notifications.models import Notification, Room, WebhookEndpoint
    from tenants.models import Membership, User
    from tenants.services.credentials import make_api_key

    operator = User.objects.filter(is_superuser=True).get()
    named = {"first_name": next(supply)[:150], "last_name": next(supply)[:150]}
    colleague = User.objects.create_user("colleague@poisoned.example", "a long enough pass phrase", **named)
    Membership.objects.create(user=colleague, role="agent")
    make_api_key(name=next(supply)[:100], scopes=["*"], user=None)
    Room.objects.create(kind="slack", name=next(supply)[:100], sealed_url="")
    WebhookEndpoint.objects.create(url="https://example.org/hook", events=["chat.created"])
    for number in range(20):
        ErrorLog.objects.create(
            tenant=tenant,
            error_type=next(supply)[:100],
            error_message=next(supply),
            stack_trace=next(supply),
            fingerprint=f"poison-{number}",
        )
        AuditService.log_event("poisoned", operator, tenant, "thing", next(supply)[:60], {"said": next(supply)})
        Notification.objects.create(
            recipient=operator, notification_type="escalation", message="%(x)s", params={"x": next(supply)}
        )


def _poison(model: Any, supply: Iterator[str]) -> int:
    """Overwrite the words of a model's rows; a row whose rules refuse them keeps its own."""
    from django.db import DatabaseError, models, transaction

    fields = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, models.FileField)
        and not (field.choices or field.primary_key or NO_WORDS.search(field.name))
    ]
    done = 0
    for row in model.objects.order_by("pk")[:ROWS] if fields else []:
        for field in fields:
            text = next(supply).replace("\x00", "")
            setattr(row, field.name, text[: field.max_length] if field.max_length else text)
        try:
            with transaction.atomic():
                row.save(update_fields=[field.name for field in fields])
                done += 1
        except DatabaseError as error:
            print(f"{model._meta.label} keeps its own: {error}")  # noqa: T201
    return done


def _converse(texts: list[str]) -> None:
    """Say every text once as each speaker, a conversation for each, with sources, authors and files of that name."""
    from agents.models import AgentModel
    from chats.models import Contact, ContentChatModel, MediaContentModel
    from chats.services.lifecycle import create_chat
    from chats.signals.muting import muted_signals

    agent, authors = AgentModel.objects.first(), _authors(texts)
    with muted_signals():
        for sender in ("user", "agent", "staff", "system"):
            contact = Contact.objects.create(external_id=f"poisoned-{sender}", name=texts[0][:255])
            chat = create_chat(user_id=contact.external_id, contact=contact, agent=agent, title=texts[-1][:200])
            for number, text in enumerate(texts, 1):
                source = {"document": "1", "title": text, "source": text, "excerpt": text}
                message = ContentChatModel.objects.create(
                    chat=chat, sequence=number, content=text, sender=sender, metadata={"citations": [source]},
                    author=authors[number - 1] if sender == "staff" else None,
                    content_type="file" if sender == "user" or number % 7 == 0 else "text",
                )  # fmt: skip
                if message.content_type == "file":
                    MediaContentModel.objects.create(
                        chat=chat, content=message, media_type="file", media="nowhere", name=text[:255],
                        mime_type="text/plain", size=1, sha256="",
                    )  # fmt: skip
            print(f"conversation: {chat.pk}")  # noqa: T201


def _authors(texts: list[str]) -> list[Any]:
    """Return a colleague of each name."""
    from tenants.models import Membership, User

    made = [
        User.objects.create(
            email=f"author-{number}@poisoned.example", username=f"author-{number}", first_name=text[:100]
        )
        for number, text in enumerate(texts)
    ]
    for user in made:
        Membership.objects.create(user=user, role="agent")
    return made


def _name_everything(texts: list[str]) -> None:
    """Have a contact, a conversation and an agent of each name, so that lists and pages show all of them."""
    from agents.models import AgentModel
    from chats.models import Contact
    from chats.services.lifecycle import create_chat
    from chats.signals.muting import muted_signals

    with muted_signals():
        for number, text in enumerate(texts):
            agent = AgentModel.objects.create(name=text[:255], slug=f"named-{number}")
            contact = Contact.objects.create(external_id=f"named-{number}", name=text[:255])
            create_chat(user_id=contact.external_id, contact=contact, agent=agent, title=text[:200])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))
