"""Conversations and the people who write in them."""

from chats.models.buffers import MessageBuffer
from chats.models.chat import ChatModel, ChatStatus
from chats.models.content import CONTENT_TYPES, SENDER_CHOICES, ContentChatModel, Sender
from chats.models.erasure import ErasureLedger
from chats.models.media import MediaContentModel
from chats.models.people import Channel, ChannelKind, Contact, VisitorSession
from chats.models.statistics import ModelPerformanceSummary, UserStatistics

__all__ = [
    "CONTENT_TYPES",
    "SENDER_CHOICES",
    "Channel",
    "ChannelKind",
    "ChatModel",
    "ChatStatus",
    "Contact",
    "ContentChatModel",
    "ErasureLedger",
    "MediaContentModel",
    "MessageBuffer",
    "ModelPerformanceSummary",
    "Sender",
    "UserStatistics",
    "VisitorSession",
]
