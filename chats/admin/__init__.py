"""The administration of conversations, contacts and channels."""

from chats.admin import conversations, dashboard, people

__all__ = ["conversations", "dashboard", "people"]
