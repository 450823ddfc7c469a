"""The sweeper's process."""

import signal
import threading
from typing import Any

import structlog
from django.utils.translation import gettext_lazy as _

from tenants.access import Reach
from tenants.management.base import SpokenCommand
from tenants.services.roles import refuse_unbound_role
from tenants.services.schema_state import refuse_other_schema
from tenants.services.sweeping import Swept, sweep_forever

logger = structlog.get_logger(__name__)


class Command(SpokenCommand):
    """Runs until it is told to stop."""

    charla_reach = Reach.INSTALLATION
    help = _("Ring again for work that waits, and work it off here while the broker is away. Runs until stopped.")  # type: ignore[assignment]

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep until SIGTERM or Ctrl-C."""
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        refuse_unbound_role()
        refuse_other_schema()
        sweep_forever(stopped=stopped, beat=self._tell)

    def _tell(self, swept: Swept) -> None:
        if swept != Swept():
            logger.info("swept", rung=swept.rung, worked=swept.worked, given_up=swept.given_up)
