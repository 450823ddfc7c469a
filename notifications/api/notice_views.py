"""One's own notifications (api.md, `notifications/`, `notification-preferences/`)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from notifications.api.notice_serializers import CountSerializer, NotificationSerializer, PreferenceSerializer
from notifications.models import Notification
from notifications.services import reading
from tenants.api.pagination import CursorPages
from tenants.api.views import TenantAPIView
from tenants.models import User


class NoticePages(CursorPages):
    """The latest first."""

    ordering = ("-created_at", "-id")  # type: ignore[assignment]


class OwnAPIView(TenantAPIView):
    """What each person has of their own."""

    any_person = True

    @property
    def person(self) -> User:
        """Return who asks."""
        user = self.caller.user
        if user is None:
            raise TypeError("Only people are told.")
        return user


class NotificationViewSet(OwnAPIView, mixins.ListModelMixin, GenericViewSet[Notification]):
    """The caller's own notifications in the tenant."""

    serializer_class = NotificationSerializer
    pagination_class = NoticePages
    lookup_value_converter = "uuid"
    queryset = Notification.objects.all()

    def get_queryset(self) -> QuerySet[Notification]:
        """Return the caller's own."""
        own = reading.notifications_of(self.person)
        return own.filter(read_at__isnull=True) if self.request.query_params.get("unread") == "true" else own

    @extend_schema(parameters=[OpenApiParameter("unread", OpenApiTypes.BOOL)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, the latest first; `?unread=true` the unread alone."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=None, responses=NotificationSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: UUID) -> Response:
        """Mark one as read; again changes nothing."""
        notification = self.get_object()
        reading.mark_read(self.person, [notification.pk])
        notification.refresh_from_db()
        return Response(self.get_serializer(notification).data)

    @extend_schema(request=None, responses=CountSerializer)
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark all as read; return how many were not."""
        return Response({"count": reading.mark_read(self.person)})

    @extend_schema(responses=CountSerializer)
    @action(detail=False, methods=["get"], url_path="unread-count")
    def unread_count(self, request: Request) -> Response:
        """Return how many are unread, counted to a hundred."""
        return Response({"count": reading.count_unread(self.person)})


class PreferenceViewSet(OwnAPIView, ViewSet):
    """How the caller wants to be told, type by type."""

    @extend_schema(responses=PreferenceSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return every type with what holds for it."""
        return Response(PreferenceSerializer(reading.preferences_of(self.person), many=True).data)

    @extend_schema(request=PreferenceSerializer, responses={200: PreferenceSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Choose for one type."""
        wanted = PreferenceSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        reading.choose_preferences(self.person, [reading.Preference(**wanted.validated_data)])
        return Response(PreferenceSerializer(reading.preferences_of(self.person), many=True).data)
