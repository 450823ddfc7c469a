"""Paths of conversations."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from chats.api.contact_views import ContactViewSet
from chats.api.media_views import MediaViewSet
from chats.api.search_views import ChatSearchView, MessageSearchView
from chats.api.ticket_views import TicketViewSet
from chats.api.views import ChatViewSet, MessageViewSet
from chats.api.widget_views import WidgetConfigView, WidgetSessionView

router = SimpleRouter(use_regex_path=False)
router.register("chats", ChatViewSet, basename="chat")
router.register("contacts", ContactViewSet, basename="contact")

urlpatterns = [
    *router.urls,
    path("chats/<uuid:chat_id>/messages/", MessageViewSet.as_view({"get": "list", "post": "create"}), name="messages"),
    path("chats/<uuid:chat_id>/media/", MediaViewSet.as_view({"post": "create"}), name="media-list"),
    path("chats/<uuid:chat_id>/media/<uuid:pk>/", MediaViewSet.as_view({"get": "retrieve"}), name="media"),
    path(
        "chats/<uuid:chat_id>/media/<uuid:pk>/thumbnail/",
        MediaViewSet.as_view({"get": "thumbnail"}),
        name="media-thumbnail",
    ),
    path("search/messages/", MessageSearchView.as_view(), name="search-messages"),
    path("search/chats/", ChatSearchView.as_view(), name="search-chats"),
    path("widget/config/", WidgetConfigView.as_view(), name="widget-config"),
    path("widget/tickets/", TicketViewSet.as_view({"post": "create"}), name="widget-tickets"),
    path("widget/sessions/", WidgetSessionView.as_view(), name="widget-sessions"),
]
