"""What `--dry-run` of the commands that set up says."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from tenants.management.base import CharlaCommand
from tenants.services.setup import Plan


def tell_plan(command: CharlaCommand, options: dict[str, Any], plan: Plan) -> None:
    """Say what would be done."""
    data = {"dry_run": True, "tenant": options["tenant"], **asdict(plan)}
    command.result(data, _words(options["tenant"], plan), as_json=options["json"])


def _words(tenant: str, plan: Plan) -> str:
    there = _("Tenant “%(name)s” is there: what it lacks would be added.")
    words = [_("Nothing was changed."), (there if plan.tenant_exists else _("Tenant “%(name)s” would be made."))]
    if plan.admin:
        kept = _("Administrator %(email)s is there and stays as it is.")
        words.append(kept if plan.admin_exists else _("Administrator %(email)s would be made."))
    words.append(_("Steps: %(steps)s."))
    given = {"name": tenant, "email": plan.admin, "steps": ", ".join(plan.steps)}
    return "\n".join(line % given for line in words)
