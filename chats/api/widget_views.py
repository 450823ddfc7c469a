"""The widget's first steps, with the tenant's publishable key (api.md, decision 29)."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.models import AgentModel
from chats.api.serializers import VisitorGrantSerializer, WidgetConfigSerializer, WidgetSessionSerializer
from chats.events import chat_payload
from chats.services.visitors import (
    Identity,
    OriginRefusedError,
    VisitorGrant,
    check_origin,
    open_session,
    tenant_of_key,
    web_channel,
)
from tenants.api import idempotency
from tenants.api.costs import charge_tenant
from tenants.api.cross_origin import REFUSED
from tenants.api.permissions import Public
from tenants.client_address import client_address
from tenants.scope import in_tenant
from tenants.services.idempotency import Wanted

LEAST_KEY = 22  # characters of 128 random bits


class WidgetView(APIView):
    """Opened by a publishable key from a page that the tenant allows."""

    authentication_classes: list[Any] = []
    permission_classes = [Public]

    def door(self, request: Request, key: str) -> tuple[UUID, UUID]:
        """Return (tenant id, channel id); 404 for an unknown key, 403 for a page that is not allowed."""
        found = tenant_of_key(key)
        if found is None:
            raise NotFound(_("There is no widget with this key."))
        headers = request.headers
        try:
            check_origin(
                found[0],
                origin=headers.get("Origin", ""),
                host=request.get_host(),
                fetch_site=headers.get("Sec-Fetch-Site", ""),
            )
        except OriginRefusedError as error:
            setattr(request._request, REFUSED, True)
            raise PermissionDenied(_("This page is not among the tenant's allowed origins.")) from error
        charge_tenant(request._request, found[0])
        return found


class WidgetConfigView(WidgetView):
    """What to show before anybody has written."""

    @extend_schema(
        parameters=[OpenApiParameter("key", OpenApiTypes.STR, required=True)], responses=WidgetConfigSerializer
    )
    def get(self, request: Request) -> Response:
        """Return the tenant, its agent and the look."""
        tenant_id, channel_id = self.door(request, request.query_params.get("key", ""))
        with in_tenant(tenant_id):
            channel = web_channel(channel_id)
            agent = AgentModel.objects.filter(is_default=True, is_active=True).first()
        return Response(
            {
                "tenant": {"name": channel.tenant.name, "display_name": str(channel.tenant)},
                "agent": {"name": agent.name, "slug": agent.slug, "greeting": agent.greeting} if agent else None,
                "locale": channel.tenant.default_language or get_language(),
                "title": channel.settings.get("title") or str(channel.tenant),
                "color": channel.settings.get("color", ""),
                "media": {
                    "max_bytes": settings.MEDIA_LIMITS["MAX_BYTES"],
                    "max_files": settings.MEDIA_LIMITS["MAX_FILES"],
                },
            }
        )


class WidgetSessionView(WidgetView):
    """A visitor's session."""

    tenantless = False  # the key's tenant: answers to repeated requests are kept there

    @extend_schema(request=WidgetSessionSerializer, responses={201: VisitorGrantSerializer})
    def post(self, request: Request) -> Response:
        """Make a visitor's contact, session and first chat."""
        wanted = WidgetSessionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        tenant_id, channel_id = self.door(request, wanted.validated_data["key"])
        said = wanted.validated_data["user"]
        identity = Identity(**said) if said else None
        with in_tenant(tenant_id):
            once = self._take_key(request, channel_id)
            grant = open_session(
                locale=wanted.validated_data["locale"], identity=identity, channel=web_channel(channel_id)
            )
            response = Response(_shown(grant), status=status.HTTP_201_CREATED)
            if once is not None:
                idempotency.end(once, response)
        return response

    def _take_key(self, request: Request, channel_id: UUID) -> Wanted | None:
        """Take an Idempotency-Key: nobody has said who asks, so only its length keeps others from guessing it."""
        if not idempotency.has_key(request):
            return None
        whose = f"address:{channel_id}:{client_address(request._request)}"
        return idempotency.begin(request, whose, shortest=LEAST_KEY)

    def handle_exception(self, exc: Exception) -> Any:
        """Answer with the error, or with the first answer."""
        return exc.response if isinstance(exc, idempotency.AnsweredBefore) else super().handle_exception(exc)


def _shown(grant: VisitorGrant) -> dict[str, Any]:
    grant.chat.refresh_from_db()
    return {
        "token": grant.token,
        "expires_at": grant.expires_at,
        "contact": {"id": str(grant.contact.pk)},
        "chat": chat_payload(grant.chat),
    }
