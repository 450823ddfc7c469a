"""A tenant's intents (api.md, `intents/`)."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from analysis.api.serializers import ClassifierSerializer, GuessSerializer, IntentSerializer, SentenceSerializer
from analysis.models import Intent
from analysis.services.guessing import guess_intent
from analysis.services.intents import classifier_in_use, delete_intent, save_intent
from tenants.api.views import TenantAPIView

METHODS = ["get", "post", "patch", "delete", "head", "options"]


class IntentViewSet(TenantAPIView, ModelViewSet[Intent]):
    """Intents with their examples; a change is learnt within half a minute."""

    resource = "intents"
    reading_actions = ("classify",)
    serializer_class = IntentSerializer
    filterset_fields = ["is_active", "is_outside", "name"]
    lookup_value_converter = "uuid"
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[Intent]:
        """Return the tenant's intents."""
        return Intent.objects.all()

    def perform_create(self, serializer: Any) -> None:
        """Make an intent."""
        serializer.instance = save_intent(Intent(), serializer.validated_data, by=self.caller.user)

    def perform_update(self, serializer: Any) -> None:
        """Change an intent."""
        serializer.instance = save_intent(serializer.instance, serializer.validated_data, by=self.caller.user)

    def perform_destroy(self, instance: Intent) -> None:
        """Delete an intent; the messages that had it have none from then on."""
        delete_intent(instance, by=self.caller.user)

    @extend_schema(request=SentenceSerializer, responses=GuessSerializer)
    @action(detail=False, methods=["post"])
    def classify(self, request: Request) -> Response:
        """Try a sentence; nothing is stored. 404 while the tenant has no classifier."""
        tried = SentenceSerializer(data=request.data)
        tried.is_valid(raise_exception=True)
        guessed = guess_intent(tried.validated_data["text"])
        if guessed is None:
            raise NotFound
        return Response(GuessSerializer(guessed).data)

    @extend_schema(responses=ClassifierSerializer)
    @action(detail=False)
    def model(self, request: Request) -> Response:
        """Return the classifier in use: its version, and what it was learnt from. 404 while there is none."""
        found = classifier_in_use()
        if found is None:
            raise NotFound
        return Response(ClassifierSerializer(found).data)
