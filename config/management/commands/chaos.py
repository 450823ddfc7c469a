"""Breaks a throw-away installation on purpose, and reports whether anything was lost."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Reach
from tenants.management.base import CharlaCommand


class Command(CharlaCommand):
    """Kills, emptied brokers, bursts and takeovers, counted and judged."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy(  # type: ignore[assignment]
        "Break a throw-away installation on purpose while people write, and report what was lost: nothing should be."
        " It has servers of its own; no data of yours is touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        from tests.chaos.scenarios import SCENARIOS

        super().add_arguments(parser)
        parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="kills", help=_("What is done to it."))
        parser.add_argument(
            "--kills", type=int, help=_("How many kills (or emptied brokers, bursts, takeovers) in all.")
        )
        parser.add_argument("--messages", type=int, help=_("How many messages in all; by default 25 for each kill."))
        parser.add_argument("--seed", type=int, default=1, help=_("Chooses what is hit when; the same again by it."))
        parser.add_argument("--every", type=float, help=_("Mean number of seconds between two kills."))
        parser.add_argument("--people", type=int, help=_("How many people write."))
        parser.add_argument("--part", type=int, default=50, help=_("Kills in a part, which has a fresh installation."))
        parser.add_argument(
            "--resume", type=Path, metavar="FILE", help=_("Keep finished parts in this file, and go on after them.")
        )
        parser.add_argument("--report", action="store_true", help=_("Only report what the file of --resume holds."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run what is left of the plan; exit status 1 when anything was lost, doubled or left unanswered."""
        from tests.chaos import report
        from tests.chaos.file import OtherRunError
        from tests.chaos.scenarios import Order, run

        try:
            order = Order.of(options)
            file = order.file()
        except OtherRunError as error:
            message = _("This file holds the parts of another run (%(difference)s): name another file.")
            raise CommandError(message % {"difference": error}) from error
        if not options["report"]:
            steps = run(order, file)
            for _number in self.progress(steps, total=order.left(file), label="chaos", silent=options["no_progress"]):
                continue
        found = report.totals(file.name, file.parts)
        self.result(found, report.in_words(found), as_json=options["json"])
        if found["faults"]:
            raise CommandError(_("%(count)s faults were found.") % {"count": found["faults"]})
