"""One engine, PostgreSQL, under two roles (decisions 1 and 5)."""

from typing import Any

from config.settings.environment import env

ENGINE = "tenants.db"


def connection(url: str, *, tenant_scoped: bool) -> dict[str, Any]:
    """Return Django's description of one role's connections, pooled where DATABASE_POOL_SIZE asks for it."""
    described: dict[str, Any] = env.db_url_config(url)
    options = {
        **described.get("OPTIONS", {}),
        "application_name": env.str("CHARLA_PROCESS", default="charla"),
    }
    if host := options.pop("host", None):  # a socket's folder; `%2F` in a URL's host would not be decoded
        described["HOST"] = host
    options["server_side_binding"] = False
    # For what runs inside prepared_statements(). PgBouncer in transaction mode keeps them from 1.21 on.
    options["prepare_threshold"] = 0 if env.bool("DATABASE_PREPARE", default=True) else None
    pool_size = env.int("DATABASE_POOL_SIZE", default=0)
    if pool_size and tenant_scoped:
        # Its attempts to connect wait twice as long each time; after 2 s it begins anew with whoever asks next, so that
        # a server that is back after a minute is found at once and not within another minute.
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 5, "reconnect_timeout": 2}
    return described | {
        "ENGINE": ENGINE,
        "OPTIONS": options,
        "TENANT_SCOPED": tenant_scoped,
        "CONN_MAX_AGE": 0 if options.get("pool") else env.int("DATABASE_CONN_MAX_AGE", default=600),
        # A pooled connection is checked by tenants.db, without a round trip each time.
        "CONN_HEALTH_CHECKS": not options.get("pool"),
        "DISABLE_SERVER_SIDE_CURSORS": True,  # a transaction pooler may stand between
    }


DATABASE_URL = env.str("DATABASE_URL", default="postgresql://charla_app@127.0.0.1/charla")
# For the commands that make and swap databases alone (restore_data); no process that serves people has it.
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
DATABASES = {
    "default": connection(DATABASE_URL, tenant_scoped=True),
    "operations": connection(env.str("DATABASE_OPERATIONS_URL", default=DATABASE_URL), tenant_scoped=False),
}
DATABASE_ROUTERS = ["tenants.db.router.ScopeRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
