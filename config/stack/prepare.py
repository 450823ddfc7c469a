"""Brings the database up to date in one process: `python -m config.stack.prepare RESULT`.

It migrates as the owner, sees to the first administrator and tenant, and makes demo data on the first start. The file
RESULT gets {"email": …, "password_holds": bool}: who can log in, and whether CHARLA_ADMIN_PASSWORD is the password.
This is the one module here that uses Django; the supervisor runs it.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.core.checks import Tags
from django.core.management import call_command
from django.db import connections

DEMO_MARK = "demo-data"
PENDING, DONE = "pending", "done"
ADDRESS = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


def main(result: Path, *, demo: bool) -> None:
    """Do all steps; each is safe to be done again after it was broken off."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with as_owner():
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    mark = result.with_name(DEMO_MARK)
    if demo and not mark.exists() and not _has_tenants():
        mark.write_text(PENDING, encoding="ascii")
    call_command("init_system", tenant="demo" if mark.exists() else "main")
    if mark.exists() and mark.read_text(encoding="ascii") == PENDING:
        call_command("setup_demo_data")
        mark.write_text(DONE, encoding="ascii")
    call_command("check", tags=[Tags.database], databases=["default"])  # what is missing is said before anybody comes
    result.write_text(json.dumps(_login()), encoding="utf-8")


@contextmanager
def as_owner() -> Iterator[None]:
    """Let the default connection be the owner's for a while (decision 1)."""
    from config.settings.database import connection as described

    default = connections["default"]
    kept: dict[str, Any] = default.settings_dict
    owner = described(os.environ["DATABASE_OWNER_URL"], tenant_scoped=False)
    default.close()
    default.settings_dict = kept | {key: owner[key] for key in ADDRESS if key in owner} | {"OPTIONS": owner["OPTIONS"]}
    try:
        yield
    finally:
        default.close()
        default.settings_dict = kept


def _has_tenants() -> bool:
    from tenants.models import TenantModel

    return TenantModel.objects.exists()


def _login() -> dict[str, Any]:
    from tenants.models import User

    admins = User.objects.filter(is_superuser=True).order_by("created_at")
    wanted = os.environ.get("CHARLA_ADMIN_EMAIL", "").lower()
    admin = admins.filter(email=wanted).first() or admins.first()
    password = os.environ.get("CHARLA_ADMIN_PASSWORD")
    return {
        "email": admin.email if admin else None,
        "password_holds": bool(admin and password and admin.check_password(password)),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), demo="--no-demo" not in sys.argv[2:])
