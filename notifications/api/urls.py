"""Paths of events, of those who are told of them, and of one's own notifications."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from notifications.api.feed_views import EventViewSet
from notifications.api.notice_views import NotificationViewSet, PreferenceViewSet
from notifications.api.webhook_views import DeliveryViewSet, WebhookViewSet

router = SimpleRouter(use_regex_path=False)
router.register("notifications", NotificationViewSet, basename="notification")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("webhooks/<uuid:webhook_id>/deliveries", DeliveryViewSet, basename="webhook-delivery")

urlpatterns = [
    path(
        "notification-preferences/",
        PreferenceViewSet.as_view({"get": "list", "post": "create"}),
        name="notification-preferences",
    ),
    path("events/", EventViewSet.as_view({"get": "list"}), name="events"),
    *router.urls,
]
