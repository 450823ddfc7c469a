"""Bring stored messages, titles, summaries and comments to their tenant's encryption policy and to the first key."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.encryption import SealError
from tenants.encryption.bulk import BATCH, Batch, Change, change_all, rotate
from tenants.encryption.policy import OFF, policy_of
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.scope import tenant_scope

SHOWN = 10


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy(  # type: ignore[assignment]
        "Encrypt what is stored as the tenant's policy says. Safe to stop, and to run again."
    )
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what is to be done instead."""
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--all", action="store_true", help=_("Encrypt every message, whatever the policy says."))
        which.add_argument("--rotate", action="store_true", help=_("Encrypt anew by a new key, under the first one."))
        which.add_argument("--decrypt", action="store_true", help=_("Decrypt all; the policy must be off."))
        parser.add_argument("--batch-size", type=int, default=BATCH, help=_("Rows in one transaction."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the tenants; a row that does not open is told and makes the command fail at its end."""
        if options["batch_size"] < 1:
            raise CommandError(_("The batch size is a whole number from 1."), returncode=2)
        tenants = self.tenants(options)
        if options["decrypt"] and (kept := [each.name for each in tenants if policy_of(each.pk) != OFF]):
            message = _("Turn encryption off first (encryption_policy): %(tenants)s.")
            raise CommandError(message % {"tenants": ", ".join(kept)})
        found = {tenant.name: self._change(tenant, options) for tenant in tenants}
        unreadable = [row for told in found.values() for row in told.pop("unreadable")]
        self.result({"tenants": found}, "\n".join(_lines(found, options["dry_run"])), as_json=options["json"])
        if unreadable:
            message = _("%(count)s rows do not open with the keys in CHARLA_ENCRYPTION_KEYS: %(rows)s.")
            raise CommandError(message % {"count": len(unreadable), "rows": ", ".join(unreadable[:SHOWN])})

    def _change(self, tenant: TenantModel, options: dict[str, Any]) -> dict[str, Any]:
        read: Counter[str] = Counter()
        changed: Counter[str] = Counter()
        unreadable: list[str] = []
        with tenant_scope(tenant):
            steps = self.progress(_batches(options), total=None, label=tenant.name, silent=options["no_progress"])
            try:
                for done in steps:
                    read[done.table] += done.read
                    changed[done.table] += done.changed
                    unreadable += [f"{done.table} {key}" for key in done.unreadable]
            except SealError as error:
                raise CommandError(str(error)) from error
        return {"read": sum(read.values()), "changed": dict(changed), "unreadable": sorted(set(unreadable))}


def _batches(options: dict[str, Any]) -> Iterator[Batch]:
    how = {"batch": options["batch_size"], "dry_run": options["dry_run"]}
    if options["rotate"]:
        return rotate(**how)
    if options["decrypt"]:
        return change_all(Change.UNSEAL, **how)
    return change_all(Change.SEAL_ALL if options["all"] else Change.FOLLOW_POLICY, **how)


def _lines(found: dict[str, Any], dry_run: bool) -> list[str]:  # noqa: FBT001 - as the option is
    words = _("%(tenant)s: %(changed)s of %(read)s texts changed.")
    if dry_run:
        words = _("%(tenant)s: %(changed)s of %(read)s texts would be changed.")
    return [
        words % {"tenant": name, "changed": sum(told["changed"].values()), "read": told["read"]}
        for name, told in found.items()
    ]
