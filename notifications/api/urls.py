"""Paths of events, and of those who are told of them."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from notifications.api.feed_views import EventViewSet
from notifications.api.webhook_views import DeliveryViewSet, WebhookViewSet

router = SimpleRouter(use_regex_path=False)
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("webhooks/<uuid:webhook_id>/deliveries", DeliveryViewSet, basename="webhook-delivery")

urlpatterns = [
    path("events/", EventViewSet.as_view({"get": "list"}), name="events"),
    *router.urls,
]
