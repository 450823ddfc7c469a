"""The file into which a command writes all that it has to report."""

import json
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _


def write_report(path: Path, told: Any) -> None:
    """Write a report as JSON; CommandError when it cannot be. A command writes an empty one first: after it is late."""
    try:
        path.write_text(json.dumps(told, ensure_ascii=False, indent=2), "utf-8")
    except OSError as error:
        message = _("The report cannot be written to %(path)s: %(error)s.")
        raise CommandError(message % {"path": path, "error": error}) from error
