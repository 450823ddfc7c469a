"""What a tenant may be called that a command makes."""

from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.utils.translation import gettext as _

from tenants.services.setup import check_tenant_name


def refuse_bad_name(name: str) -> None:
    """Raise CommandError (exit status 2) for a name that a new tenant cannot have, before anything is stored."""
    try:
        check_tenant_name(name)
    except ValidationError as error:
        refused = _("No tenant can be called “%(name)s”: %(why)s")
        raise CommandError(refused % {"name": name, "why": " ".join(error.messages)}, returncode=2) from error
