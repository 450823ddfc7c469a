"""What conversations may be, and the limits of commands (chats-migrations.md, management-commands.md)."""

from config.settings.environment import DATA_DIR, at_least, env, one_of

CHAT_SETTINGS = {
    "MAX_MESSAGE_LENGTH": env.int("CHAT_MAX_MESSAGE_LENGTH", default=10_000),
    "SUPPORTED_CONTENT_TYPES": ["text", "image", "file", "audio"],
    "SESSION_TIMEOUT": env.int("CHAT_SESSION_TIMEOUT", default=1_800),
    "MESSAGE_RETENTION_DAYS": env.int("CHAT_MESSAGE_RETENTION_DAYS", default=365),
    "ENABLE_MESSAGE_ENCRYPTION": env.bool("CHAT_ENABLE_MESSAGE_ENCRYPTION", default=True),
    "REAL_TIME_UPDATES": env.bool("CHAT_REAL_TIME_UPDATES", default=True),
}
MANAGEMENT_COMMANDS = {
    "backup": {
        "directory": env.str("BACKUP_DIRECTORY", default=str(DATA_DIR / "backups")),
        "retention_days": at_least(1, "BACKUP_RETENTION_DAYS", default=30),
        "compression": env.bool("BACKUP_COMPRESSION", default=True),
        "encryption": env.bool("BACKUP_ENCRYPTION", default=True),
    },
    "cleanup": {
        "batch_size": at_least(1, "CLEANUP_BATCH_SIZE", default=1_000),
        "concurrent_jobs": at_least(1, "CLEANUP_CONCURRENT_JOBS", default=4),
    },
    "import": {
        "batch_size": at_least(1, "IMPORT_BATCH_SIZE", default=500),
        "validation_level": one_of(("strict", "lenient"), "IMPORT_VALIDATION_LEVEL", default="strict"),
    },
}
# Where a backup is restored to be proved: a context manager that yields the owner's URL of an empty server.
BACKUP_SCRATCH_SERVER = "config.stack.scratch.scratch_server"
PROMETHEUS_DIR = DATA_DIR / "metrics"
# A bearer token for scrapes of /metrics from addresses that are not private.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# How long the feed of events and the ledger of webhook deliveries are kept; a reader who is away longer starts anew.
EVENT_RETENTION_DAYS = env.int("EVENT_RETENTION_DAYS", default=30)
# How long errors and notifications that were read are kept, where the tenant's `log_retention_days` says nothing.
LOG_RETENTION_DAYS = at_least(1, "LOG_RETENTION_DAYS", default=90)
# A webhook's endpoint that has only failed for so long pauses itself, and somebody is told.
WEBHOOK_PAUSE_AFTER_HOURS = env.int("WEBHOOK_PAUSE_AFTER_HOURS", default=96)
# A folder with a text classification model, for the sentiment analyzer "transformers".
CHARLA_SENTIMENT_MODEL = env.str("CHARLA_SENTIMENT_MODEL", default="")
