"""Erase a person: what names it is replaced for good, statistics stay (commands.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.erasing_now import NotErasedError, erase_now
from chats.services.erasure_receipts import signature_of
from chats.services.people import people_called
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    """Name, ids, texts, files and what was derived from them, with a signed receipt."""

    help = gettext_lazy("Erase a person's data for good; figures stay. Prints a signed receipt.")  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--user-id", required=True, help=_("The person's id in its channel."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase the contacts of that id, whatever their channel, and print their receipts."""
        tenant = self.tenant(options["tenant"])
        people = people_called(tenant, options["user_id"])
        if not people:
            raise CommandError(_("The tenant has no contact with this id."))
        if options["dry_run"]:
            self.result({"dry_run": True, "contacts": people}, _("Nothing was changed."), as_json=options["json"])
            return
        try:
            receipts = [erase_now(tenant, contact_id) for contact_id in people]
        except NotErasedError as error:
            raise CommandError(str(error)) from error
        told = [{**receipt, "signature": signature_of(receipt)} for receipt in receipts]
        self.result({"receipts": told}, "\n".join(map(self._words, told)), as_json=options["json"])
        if any(receipt["left"] for receipt in receipts):
            raise CommandError(_("The person is still named in the rows counted above: look at them by hand."))

    def _words(self, receipt: dict[str, Any]) -> str:
        lines = [
            _("Contact %(contact)s is erased (receipt %(id)s).") % receipt,
            *(f"  {name}: {count}" for name, count in receipt["erased"].items()),
            *(_("  still named in %(table)s: %(rows)s rows") % {"table": table, "rows": rows}
              for table, rows in receipt["left"].items()),
            *([] if receipt["left"] else [_("  No clear text in the database names the person any more.")]),
            _("  signature: %(signature)s") % receipt,
        ]  # fmt: skip
        return "\n".join(lines)
