"""Set the installation up; safe to run again."""

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Reach
from tenants.management.base import CharlaCommand
from tenants.management.naming import refuse_bad_name
from tenants.management.planning import tell_plan
from tenants.services import setup


class Command(CharlaCommand):
    """The operator, the first tenant, its agent, tools and models."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy("Make the administrator, the first tenant, its agent and models. Safe to run again.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--tenant", default="main", help=_("Name of the first tenant (made when missing)."))
        parser.add_argument("--skip-admin", action="store_true", help=_("Make no administrator."))
        parser.add_argument("--admin-email", help=_("The administrator's address (else CHARLA_ADMIN_EMAIL)."))
        parser.add_argument("--ask-password", action="store_true", help=_("Ask for the password at a prompt."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Set up and say what there is now."""
        refuse_bad_name(options["tenant"])
        if options["dry_run"]:
            email = None if options["skip_admin"] else _email(options)
            with address_refused(email):
                plan = setup.planned(options["tenant"], email=email)
            tell_plan(self, options, plan)
            return
        setup.ensure_system_config()
        admin = None if options["skip_admin"] else self._administrator(options)
        tenant = setup.ensure_tenant(options["tenant"], admin=admin.user if admin else None)
        steps = list(setup.init_steps_of(tenant))
        data = {
            "tenant": tenant.name,
            "admin": admin.user.email if admin else None,
            "admin_created": bool(admin and admin.created),
            "password": admin.password if admin else None,
            "steps": steps,
        }
        self.result(data, self._words(data), as_json=options["json"])

    def _administrator(self, options: dict[str, Any]) -> setup.Administrator:
        email = _email(options)
        password = os.environ.get("CHARLA_ADMIN_PASSWORD")
        if options["ask_password"]:
            password = getpass(_("Password of %(email)s: ") % {"email": email})
        with address_refused(email):
            return setup.ensure_administrator(email=email, password=password or None)

    def _words(self, data: dict[str, Any]) -> str:
        words = [_("Tenant “%(name)s” is ready.") % {"name": data["tenant"]}]
        if data["admin"]:
            words.append(_("Administrator: %(email)s") % {"email": data["admin"]})
        if data["password"]:
            words.append(_("Password (shown this once): %(password)s") % {"password": data["password"]})
        return "\n".join(words)


def _email(options: dict[str, Any]) -> str:
    email: str = options["admin_email"] or os.environ.get("CHARLA_ADMIN_EMAIL") or "admin@localhost"
    return email


@contextmanager
def address_refused(email: str | None) -> Iterator[None]:
    """Say which address is none, and where to give another."""
    try:
        yield
    except ValidationError as error:
        refused = _("“%(email)s” is no e-mail address: give --admin-email or CHARLA_ADMIN_EMAIL another.")
        raise CommandError(refused % {"email": email}) from error
