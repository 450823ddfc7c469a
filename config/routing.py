"""Paths of sockets."""

from channels.routing import URLRouter
from django.urls import path, re_path

from chats.consumers import ChatConsumer, NoSuchSocket
from chats.inbox_consumer import InboxConsumer

websockets = URLRouter(
    [
        path("ws/chats/<uuid:chat_id>/", ChatConsumer.as_asgi()),
        path("ws/inbox/", InboxConsumer.as_asgi()),
        re_path(r"", NoSuchSocket.as_asgi()),
    ]
)
