"""What documents call by name: see each module."""

from chats.services.cleanup import ChatCleanupService
from chats.services.migrating import ChatMigrationService

__all__ = ["ChatCleanupService", "ChatMigrationService"]
