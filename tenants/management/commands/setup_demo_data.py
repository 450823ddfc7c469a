"""A demo tenant worth looking at; safe to run again."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Reach
from tenants.management.base import CharlaCommand
from tenants.management.naming import refuse_bad_name
from tenants.management.planning import tell_plan
from tenants.models import User
from tenants.services import setup


class Command(CharlaCommand):
    """Agents, knowledge in both languages, conversations."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy("Make a demo tenant: agents, knowledge in two languages, conversations. Safe to run again.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--tenant", default="demo", help=_("Name of the demo tenant (made when missing)."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the demo and say what there is now."""
        refuse_bad_name(options["tenant"])
        if options["dry_run"]:
            plan = setup.planned(options["tenant"], demo=True)
            tell_plan(self, options, plan)
            return
        admin = User.objects.filter(is_superuser=True).first()
        tenant = setup.ensure_tenant(options["tenant"], admin=admin)
        setup.dress_as_demo(tenant)
        for step in setup.init_steps_of(tenant):
            self.say(step)
        steps = self.progress(setup.demo_steps_of(tenant), total=None, label="demo", silent=options["no_progress"])
        data = {"tenant": tenant.name, "steps": list(steps)}
        self.result(data, _("The demo tenant “%(name)s” is ready.") % {"name": tenant.name}, as_json=options["json"])
