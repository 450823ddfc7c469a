"""analyze_conversation_patterns: how conversations of the last days ran (commands.md)."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.services.patterns import conversation_patterns
from chats.models import Sender
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope

DAYS = 30
SHADES = " ░▒▓█"


class Command(TenantCommand):
    """See analysis/services/patterns.py."""

    help = gettext_lazy(  # type: ignore[assignment]
        "Tell the busiest hours, lengths, intents, where people leave and what agents could not answer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--days`."""
        super().add_arguments(parser)
        parser.add_argument("--days", type=int, default=DAYS, help=_("The last so many days."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell tenant by tenant."""
        if not 1 <= options["days"] <= 3660:
            raise CommandError(_("The days are 1 to 3660."), returncode=2)
        found = {}
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                found[tenant.name] = conversation_patterns(tenant, options["days"])
        lines = [line for name, told in found.items() for line in (name, *_words(told))]
        self.result({"tenants": found}, "\n".join(lines), as_json=options["json"])


def _words(told: dict[str, Any]) -> Iterator[str]:
    yield _("  %(conversations)s conversations of %(people)s people in %(days)s days") % told
    if not told["conversations"]:
        return
    yield _("  Messages in a conversation: %(median)s at the median, %(mean)s on average, %(longest)s at most") % told
    yield from _listed(told["lengths"], lambda row: (row["messages"], row["conversations"]))
    yield _("  When people write")
    yield from _week(told["hours"])
    yield _("  What about")
    yield from _listed(told["intents"], lambda row: (row["name"] or _("no intent known"), row["messages"]))
    yield _("  Where people left, by who wrote last and how often the person wrote")
    yield from _listed(
        told["dropped_out"], lambda row: (f"{Sender(row['sender']).label}, {row['wrote']}", row["conversations"])
    )
    yield _("  Why conversations were handed over")
    yield from _listed(told["handed_over"], lambda row: (row["reason"], row["conversations"]))
    unanswered = told["unanswered"]
    yield _("  What agents could not answer: %(replies)s replies in %(conversations)s conversations") % unanswered
    yield from (f"    {question}" for question in unanswered["questions"])


def _listed(rows: list[dict[str, Any]], cells: Any) -> Iterator[str]:
    for row in rows[:10]:
        name, count = cells(row)
        yield f"    {count:>7}  {name}"


def _week(hours: list[dict[str, Any]]) -> Iterator[str]:
    most = max((row["messages"] for row in hours), default=1)
    counts = {(row["weekday"], row["hour"]): row["messages"] for row in hours}
    yield "        " + "".join(f"{hour:<6}" for hour in range(0, 24, 3))
    for day in range(1, 8):
        shades = (SHADES[-(-counts.get((day, hour), 0) * (len(SHADES) - 1) // most)] for hour in range(24))
        yield f"    {WEEKDAYS_ABBR[day - 1]!s:<4}" + "".join(shade * 2 for shade in shades)
