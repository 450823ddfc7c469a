"""What documents call by name: see each module."""

from chats.services.cleanup import ChatCleanupService

__all__ = ["ChatCleanupService"]
