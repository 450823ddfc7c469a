"""Conversations and the people who write in them."""

from chats.models.buffers import MessageBuffer
from chats.models.chat import ChatModel, ChatStatus
from chats.models.content import CONTENT_TYPES, SENDER_CHOICES, ContentChatModel, Sender
from chats.models.erasure import ErasureLedger
from chats.models.json_state import ChangedTable, JsonStateBatch, JsonStateChange
from chats.models.media import MediaContentModel
from chats.models.memory import ContactState, ContextCache, Thread
from chats.models.names import SearchName
from chats.models.people import Channel, ChannelKind, Contact, VisitorSession
from chats.models.statistics import ModelPerformanceSummary, UserStatistics

__all__ = [
    "CONTENT_TYPES",
    "SENDER_CHOICES",
    "ChangedTable",
    "Channel",
    "ChannelKind",
    "ChatModel",
    "ChatStatus",
    "Contact",
    "ContactState",
    "ContentChatModel",
    "ContextCache",
    "ErasureLedger",
    "JsonStateBatch",
    "JsonStateChange",
    "MediaContentModel",
    "MessageBuffer",
    "ModelPerformanceSummary",
    "SearchName",
    "Sender",
    "Thread",
    "UserStatistics",
    "VisitorSession",
]
