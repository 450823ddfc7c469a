"""The administration of conversations, contacts and channels."""

from chats.admin import conversations, dashboard, memory, people

__all__ = ["conversations", "dashboard", "memory", "people"]
