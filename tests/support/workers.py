"""Gives each of pytest-xdist's workers what is its own; loaded before Django's settings are.

Databases on the one Valkey, and a data folder, so that no worker counts another's metrics. PostgreSQL's
databases are apart already: their names carry the worker.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

# Broker, channel layer and cache: see config/settings/messaging.py.
DATABASES_EACH = 3


def own_redis_url(url: str, worker: str) -> str:
    """Return the URL of a worker's first database; workers are called gw0, gw1, …"""
    first = DATABASES_EACH * int(worker.removeprefix("gw"))
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={first}"
    return parts._replace(path=f"/{first}").geturl()


if (name := os.environ.get("PYTEST_XDIST_WORKER", "")) and "REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = own_redis_url(os.environ["REDIS_URL"], name)
    os.environ["CHARLA_DATA_DIR"] = str(Path(os.environ["CHARLA_DATA_DIR"]) / name)
