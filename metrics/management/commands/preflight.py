"""preflight: what an upgrade needs, and what it will hold up (commands.md)."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.services.preflight import PREFLIGHT
from tenants.access import Reach
from tenants.management.base import CharlaCommand


class Command(CharlaCommand):
    """Exit status 1 when an upgrade should not be begun."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy(
        "Before an upgrade: versions, free space, backup, work, and pending migrations with their locks."
    )  # type: ignore[assignment]

    def handle(self, *args: Any, **options: Any) -> None:
        """Take each step and say what it found."""
        found = {name: list(step()) for name, step in PREFLIGHT.items()}
        failed = [name for name, answers in found.items() if not all(answer.is_well for answer in answers)]
        lines = [
            f"{name:<12}{self.style.SUCCESS('✓') if answer.is_well else self.style.ERROR('✗')}  {answer.says}"
            for name, answers in found.items()
            for answer in answers
        ]
        data = {name: [asdict(answer) for answer in answers] for name, answers in found.items()}
        self.result({"ready": not failed, "steps": data}, "\n".join(lines), as_json=options["json"])
        if failed:
            raise CommandError(_("Not ready for an upgrade: %(names)s.") % {"names": ", ".join(failed)})
