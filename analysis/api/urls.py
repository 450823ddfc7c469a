"""Paths of what is known of messages and conversations."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from analysis.api.analytics_views import AnalyticsViewSet
from analysis.api.chat_views import ChatFiguresViewSet, RatingViewSet
from analysis.api.intent_views import IntentViewSet
from analysis.api.message_views import MessageIntentViewSet, SentimentViewSet
from analysis.api.report_views import ReportViewSet
from analysis.api.usage_views import UsageViewSet

router = SimpleRouter(use_regex_path=False)
router.register("sentiments", SentimentViewSet, basename="sentiment")
router.register("intents", IntentViewSet, basename="intent")
router.register("message-intents", MessageIntentViewSet, basename="message-intent")
router.register("analytics", AnalyticsViewSet, basename="analytics")
router.register("reports", ReportViewSet, basename="report")
router.register("usage", UsageViewSet, basename="usage")

urlpatterns = [
    path("chats/<uuid:chat_id>/rating/", RatingViewSet.as_view({"post": "create"}), name="rating"),
    path("chats/<uuid:chat_id>/summary/", ChatFiguresViewSet.as_view({"get": "summary"}), name="chat-summary"),
    path("chats/<uuid:chat_id>/analytics/", ChatFiguresViewSet.as_view({"get": "analytics"}), name="chat-analytics"),
    *router.urls,
]
