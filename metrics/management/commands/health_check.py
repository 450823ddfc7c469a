"""health_check: is everything that Charla stands on at work? The same code as /readyz."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.probes import PROBES, TIMEOUT_SECONDS, Finding, examine
from tenants.access import Reach
from tenants.management.base import CharlaCommand

LONGEST_TIMEOUT = 3600.0


class Command(CharlaCommand):
    """Use each service and say how it did; exit status 1 when one does not work."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy(
        "Use each service that Charla stands on (database, redis, workers, sockets, files) and say how it did."
    )  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        super().add_arguments(parser)
        parser.add_argument("--service", choices=[*PROBES.entries, "all"], default="all", help=_("One service alone."))
        parser.add_argument("--verbose", action="store_true", help=_("Show the errors themselves."))
        parser.add_argument(
            "--timeout", type=float, default=TIMEOUT_SECONDS, help=_("Seconds that each service has to answer.")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Try the services and print one line each."""
        service, timeout = options["service"], options["timeout"]
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise CommandError(_("The timeout is a number of seconds above 0, at most an hour."), returncode=2)
        findings = examine(None if service == "all" else [service], timeout=timeout)
        failed = [finding.name for finding in findings if not finding.ok]
        data = {
            "status": "failed" if failed else "ok",
            "services": {
                finding.name: finding.public() | ({"error": finding.error} if options["verbose"] else {})
                for finding in findings
            },
        }
        lines = [self._line(finding, verbose=options["verbose"]) for finding in findings]
        self.result(data, "\n".join(lines), as_json=options["json"])
        if failed:
            raise CommandError(_("Not working: %(names)s.") % {"names": ", ".join(failed)})

    def _line(self, finding: Finding, *, verbose: bool) -> str:
        mark = self.style.SUCCESS(_("works")) if finding.ok else self.style.ERROR(_("fails"))
        words = f"{finding.name:<10} {mark}  {finding.latency_ms:8.1f} ms  {finding.detail}".rstrip()
        return f"{words}\n{'':<12}{finding.error}" if verbose and finding.error else words
