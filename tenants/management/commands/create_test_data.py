"""Realistic rows in any number, for trying and measuring."""

import random
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.lifecycle import TrialOrder, scenarios
from tenants.management.base import TenantCommand
from tenants.services.trials import fill, messages_of


class Command(TenantCommand):
    """Contacts, conversations, messages, moods and figures of one tenant, written by COPY; each run adds new ones."""

    help = gettext_lazy("Fill a tenant with made-up conversations, in bulk: a thousand or a million messages.")  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--volume", default="small",
            help=_("small (1,000 messages), medium (50,000), large (1,000,000) or a number of messages."),
        )  # fmt: skip
        told = "; ".join(f"{name}: {label}" for name, label in scenarios.items())
        parser.add_argument("--scenario", default="normal", choices=list(scenarios.entries), help=told)
        parser.add_argument("--seed", type=int, help=_("The same number makes the same texts again."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the rows and say how many, in which time."""
        try:
            messages = messages_of(options["volume"])
        except ValueError as error:
            raise CommandError(
                _("“%(volume)s” is no volume: say small, medium, large or a number of messages.") % options,
                returncode=2,
            ) from error
        tenant = self.tenant(options["tenant"])
        seed = random.randrange(2**32) if options["seed"] is None else options["seed"]  # noqa: S311 - no secret
        data = {"tenant": tenant.name, "messages": messages, "scenario": options["scenario"], "seed": seed}
        if options["dry_run"]:
            words = _("%(messages)d messages would be made in “%(tenant)s”.") % data
            self.result({**data, "dry_run": True}, words, as_json=options["json"])
            return
        began = time.monotonic()
        order = TrialOrder(tenant, messages, options["scenario"], seed)
        for _one in self.progress(_each(order), total=messages, label="messages", silent=options["no_progress"]):
            pass
        data["seconds"] = round(time.monotonic() - began, 1)
        data["rate"] = round(messages / max(data["seconds"], 0.1))
        words = _("%(messages)d messages made in “%(tenant)s” in %(seconds)s s, %(rate)d a second (seed %(seed)d).")
        self.result(data, words % data, as_json=options["json"])


def _each(order: TrialOrder) -> Iterator[None]:
    """Count every message, as the progress does."""
    for count in fill(order):
        yield from (None for _number in range(count))
