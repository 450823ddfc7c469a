"""A tenant's webhooks (api.md, `webhooks/`)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from notifications.api.webhook_serializers import (
    DeliverySerializer,
    NewWebhookSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    RotationSerializer,
    WebhookSerializer,
)
from notifications.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from notifications.services import webhooks
from notifications.services.webhooks import TooManyEndpointsError
from tenants.api.views import TenantAPIView

NO_STORE = {"Cache-Control": "private, no-store"}
ENDPOINT = OpenApiParameter("webhook_id", UUID, OpenApiParameter.PATH)


class ConflictError(APIException):
    """What was asked for does not fit what there is."""

    status_code = 409
    default_code = "conflict"


@extend_schema_view(create=extend_schema(request=WebhookSerializer, responses={201: NewWebhookSerializer}))
class WebhookViewSet(
    TenantAPIView,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[WebhookEndpoint],
):
    """Endpoints of other systems; a secret is in the answer that makes it, and nowhere else."""

    resource = "webhooks"
    serializer_class = WebhookSerializer
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        """Return the tenant's endpoints."""
        return WebhookEndpoint.objects.all()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add an endpoint and show its secret, this once."""
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = {name: value for name, value in wanted.validated_data.items() if name != "is_active"}
        try:
            endpoint, secret = webhooks.create_endpoint(**given, by=self.caller.user)
        except TooManyEndpointsError as error:
            raise ConflictError(str(error)) from error
        if not wanted.validated_data.get("is_active", True):
            webhooks.change_endpoint(endpoint, by=self.caller.user, is_active=False)
        return self._with_secret(endpoint, secret, status.HTTP_201_CREATED)

    def perform_update(self, serializer: Any) -> None:
        """Store the change; switching an endpoint on ends its pause, and what waited goes out."""
        webhooks.change_endpoint(serializer.instance, by=self.caller.user, **serializer.validated_data)

    def perform_destroy(self, instance: WebhookEndpoint) -> None:
        """Delete the endpoint with its deliveries."""
        webhooks.delete_endpoint(instance, by=self.caller.user)

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: UUID) -> Response:
        """Send a trial; the delivery that is answered shows later what came of it."""
        delivery = webhooks.try_endpoint(self.get_object(), by=self.caller.user)
        delivery.refresh_from_db()
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=RotationSerializer, responses={200: NewWebhookSerializer})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: UUID) -> Response:
        """Replace the secret and show the new one, this once; the old one signs beside it for a time."""
        wanted = RotationSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        endpoint = self.get_object()
        keep = timedelta(hours=wanted.validated_data["keep_previous_hours"])
        secret = webhooks.rotate_secret(endpoint, by=self.caller.user, keep_previous=keep)
        return self._with_secret(endpoint, secret, status.HTTP_200_OK)

    @extend_schema(request=ReplaySerializer, responses={202: ReplayedSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: UUID) -> Response:
        """Send what happened since a time: what failed or was never sent, and on demand what was delivered."""
        wanted = ReplaySerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        replayed = webhooks.replay(self.get_object(), by=self.caller.user, **wanted.validated_data)
        return Response(ReplayedSerializer(replayed).data, status=status.HTTP_202_ACCEPTED)

    def _with_secret(self, endpoint: WebhookEndpoint, secret: str, code: int) -> Response:
        shown = {**WebhookSerializer(endpoint, context=self.get_serializer_context()).data, "secret": secret}
        return Response(shown, status=code, headers=NO_STORE)


class DeliveryViewSet(TenantAPIView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[WebhookDelivery]):
    """What was delivered to an endpoint, or was not."""

    resource = "webhooks"
    serializer_class = DeliverySerializer
    lookup_url_kwarg = "delivery_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        """Return the endpoint's deliveries, the newest first."""
        rows = WebhookDelivery.objects.filter(endpoint_id=self.kwargs.get("webhook_id"))
        wanted = self.request.query_params.get("status", "")
        if wanted and wanted not in DeliveryStatus.values:
            raise ValidationError({"status": [_("There is no such status.")]}, code="invalid")
        return rows.filter(status=wanted) if wanted else rows

    @extend_schema(parameters=[ENDPOINT, OpenApiParameter("status", str, enum=DeliveryStatus.values)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the deliveries of one endpoint."""
        if not WebhookEndpoint.objects.filter(pk=kwargs["webhook_id"]).exists():
            raise NotFound
        return super().list(request, *args, **kwargs)

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, **kwargs: Any) -> Response:
        """Send one delivery again, under the id that it always had."""
        delivery = self.get_object()
        webhooks.redeliver(delivery, by=self.caller.user)
        delivery.refresh_from_db()
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)
