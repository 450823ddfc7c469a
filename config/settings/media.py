"""What may be sent as a file with a message (architecture.md, "Safety at the edges")."""

from config.settings.environment import env

MEDIA_LIMITS = {
    "MAX_BYTES": env.int("MEDIA_MAX_BYTES", default=10_000_000),  # of one file
    "MAX_PIXELS": env.int("MEDIA_MAX_PIXELS", default=50_000_000),  # of one picture, before it is made smaller
    "MAX_FILES": env.int("MEDIA_MAX_FILES", default=5),  # of one message
    "MAX_FILES_OF_CHAT": env.int("MEDIA_MAX_FILES_OF_CHAT", default=200),
}
