"""Structured logs: one JSON line each, or words for a terminal; never a message's text, never a secret."""

import structlog

from config.settings.environment import DATA_DIR, env

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="console")
LOG_DIR = env.str("CHARLA_LOG_DIR", default=str(DATA_DIR / "logs"))  # of access.log and security.log
DJANGO_STRUCTLOG_CELERY_ENABLED = False

SHARED_PROCESSORS: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(),
            "foreign_pre_chain": SHARED_PROCESSORS,
        },
        "console": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.dev.ConsoleRenderer(colors=False),
            "foreign_pre_chain": SHARED_PROCESSORS,
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
        "file": {"class": "audit.log_files.LogFile", "filename": f"{LOG_DIR}/access.log", "formatter": "json"},
        "security_file": {
            "class": "audit.log_files.LogFile",
            "filename": f"{LOG_DIR}/security.log",
            "formatter": "json",
        },
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "chats.access": {"handlers": ["file"], "level": "INFO", "propagate": False},
        "chats.security": {"handlers": ["security_file"], "level": "WARNING", "propagate": False},
        "lingua": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},  # it tells of every table of every font
    },
}
structlog.configure(
    processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
