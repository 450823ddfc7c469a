"""Paths of figures about conversations."""

from django.urls import path

from analysis.api.views import RatingViewSet

urlpatterns = [path("chats/<uuid:chat_id>/rating/", RatingViewSet.as_view({"post": "create"}), name="rating")]
