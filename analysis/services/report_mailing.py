"""Mailing a report to people, as a file; what it says in short stands in the mail itself."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext as _

from analysis.reports.formats import FORMATS, file_name
from analysis.reports.sections import sections_of, stretch_of, title_of, whose
from notifications.services.notifying import RUNNING, members
from tenants.models import TenantModel, User
from tenants.scope import in_tenant


class NoMailServerError(RuntimeError):
    """Mail was asked for, and no mail server is set."""


class NobodyError(RuntimeError):
    """Mail was asked for, and there is nobody to send it to."""


def readers(tenant: TenantModel | None) -> list[str]:
    """Return the addresses of a tenant's owners and administrators; of the operators where there is no tenant."""
    if tenant is None:
        rows = User.objects.filter(is_superuser=True, is_active=True)
        return list(rows.order_by("created_at").values_list("email", flat=True))
    with in_tenant(tenant):
        return addresses_of(members(RUNNING))


def addresses_of(user_ids: Iterable[UUID]) -> list[str]:
    """Return people's addresses, in order."""
    with transaction.atomic():
        known = dict(User.objects.filter(pk__in=list(user_ids)).values_list("pk", "email"))
    return [known[user_id] for user_id in user_ids if user_id in known]


def mail_report(data: dict[str, Any], form: str, addresses: list[str]) -> list[str]:
    """Mail a report in the active language, to each address its own mail; return the addresses.

    Raises NoMailServerError, NobodyError, and what the mail server's library raises (OSError, SMTPException).
    """
    if not settings.EMAIL_URL:
        raise NoMailServerError
    if not addresses:
        raise NobodyError
    content = FORMATS[form].write(data)
    for address in addresses:
        mail = EmailMessage(
            subject=f"[{whose(data)}] {title_of(data)}, {stretch_of(data)}",
            body=in_short(data),
            to=[address],
            headers={"Auto-Submitted": "auto-generated"},
        )
        mail.attach(file_name(data, form), content, FORMATS[form].media_type.partition(";")[0])
        mail.send()
    return addresses


def in_short(data: dict[str, Any]) -> str:
    """Return a report's figures as plain text."""
    lines = [f"{title_of(data)}, {whose(data)}", stretch_of(data), ""]
    for section in sections_of(data):
        lines.append(section.title)
        lines += [f"  {tile.name}: {tile.value} {f'({tile.change})' if tile.change else ''}".rstrip()
                  for tile in section.tiles]  # fmt: skip
        lines += [f"  {section.empty}"] if section.empty else []
        lines.append("")
    return "\n".join([*lines, _("The whole report is in the file.")])
