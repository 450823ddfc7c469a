"""The tenant's events in order (api.md, `events/`)."""

import json
from typing import Any, Final

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from notifications.api.serializers import EventPageSerializer
from notifications.services.feed import BadPositionError, Entry, read_feed
from tenants.api.pagination import page_size_of
from tenants.api.views import TenantAPIView

PAGE_SIZE: Final = 100
LARGEST_PAGE: Final = 500
MOST_TYPES: Final = 20


class EventViewSet(TenantAPIView, ViewSet):
    """What happened in the tenant."""

    resource = "events"

    @extend_schema(
        operation_id="events_list",
        parameters=[
            OpenApiParameter("after", str, description="A page's `after` or an event's `id`; `now` for the end."),
            OpenApiParameter("types", str, description="Types of events, separated by commas."),
            OpenApiParameter("page_size", int),
        ],
        responses={200: EventPageSerializer},
    )
    def list(self, request: Request) -> Response:
        """Return the events after a position, in the order in which everybody gets them; none is ever passed by."""
        types = [text.strip() for text in request.query_params.get("types", "").split(",") if text.strip()]
        if len(types) > MOST_TYPES:
            raise ValidationError({"types": [_("Too many types.")]}, code="invalid")
        limit = page_size_of(request, PAGE_SIZE, LARGEST_PAGE)
        try:
            page = read_feed(after=request.query_params.get("after", ""), types=types, limit=limit)
        except BadPositionError as error:
            raise ValidationError({"after": [_("This position is not one of ours.")]}, code="invalid") from error
        body = {
            "results": [_shown(entry) for entry in page.entries],
            "after": str(page.after),
            "has_more": page.has_more,
            "resync": page.resync,
        }
        return Response(body, headers={"Cache-Control": "private, no-store"})


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "id": str(entry.position),
        "type": entry.type,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "data": json.loads(entry.data),
        "created_at": entry.created_at.isoformat().replace("+00:00", "Z"),
    }
