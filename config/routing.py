"""Paths of sockets."""

from channels.routing import URLRouter
from django.urls import path

from chats.consumers import ChatConsumer

websockets = URLRouter([path("ws/chats/<uuid:chat_id>/", ChatConsumer.as_asgi())])
