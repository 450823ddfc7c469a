"""Paths of events."""

from django.urls import path

from notifications.api.feed_views import EventViewSet

urlpatterns = [
    path("events/", EventViewSet.as_view({"get": "list"}), name="events"),
]
