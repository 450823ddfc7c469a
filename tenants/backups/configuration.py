"""The configuration in a backup: what the environment says, the secret that signs, settings and switches.

The encryption keys are never in it: a backup that holds its own key is open to whoever steals it.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from tenants.models import Schedule, SystemConfig

PART: Final = "config"
RESTORED: Final = "restored-configuration.env"
OURS: Final = re.compile(
    r"(ALLOWED_HOSTS|CSRF_TRUSTED_ORIGINS|DEBUG|HTTP_THREADS|LANGUAGE_CODE|SECRET_KEY|DEFAULT_FROM_EMAIL)$"
    r"|(BACKUP|CHARLA|CHAT|CLEANUP|DATABASE|EMAIL|EVENT|IMPORT|LOG|LOGIN|MEDIA|METRICS|PASSWORD|REDIS|WEBHOOK)_"
)
NEVER: Final = frozenset({"CHARLA_ENCRYPTION_KEYS", "CHARLA_PROCESS", "CHARLA_ADMIN_PASSWORD", "CHARLA_CRASH_POINTS"})
SECRET: Final = re.compile(r"SECRET|PASSWORD|TOKEN|_URL$|_DSN$")


def collected(*, with_secrets: bool) -> bytes:
    """Return the configuration as it stands in a backup; secrets are in an encrypted one alone."""
    environment = {name: value for name, value in os.environ.items() if OURS.match(name) and name not in NEVER}
    environment.setdefault("SECRET_KEY", settings.SECRET_KEY)
    if not with_secrets:
        environment = {name: value for name, value in environment.items() if not SECRET.search(name)}
    told = {
        "environment": dict(sorted(environment.items())),
        "settings": list(
            SystemConfig.objects.order_by("config_key").values(
                "config_key", "config_value", "config_type", "description", "is_encrypted"
            )
        ),
        "schedules": list(Schedule.objects.order_by("name").values("name", "is_enabled")),
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def put_back(content: bytes, *, rows: bool) -> Path:
    """Write the environment into a file for the operator to look at and return it; settings and switches as rows.

    `rows` is false where a database is restored too: it holds them already. No process is given another environment.
    """
    told: dict[str, Any] = json.loads(content)
    if rows:
        with transaction.atomic():
            for row in told["settings"]:
                SystemConfig.objects.update_or_create(config_key=row.pop("config_key"), defaults=row)
            for row in told["schedules"]:
                Schedule.objects.filter(name=row["name"]).update(is_enabled=row["is_enabled"])
    path = Path(settings.DATA_DIR) / RESTORED
    partial = path.with_suffix(".partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for name, value in told["environment"].items():
            file.write(f"{name}={json.dumps(value, ensure_ascii=False)}\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    return path
