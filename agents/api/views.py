"""Agents and models (api.md)."""

from typing import Any
from uuid import UUID

from django.db.models import ProtectedError, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet, ReadOnlyModelViewSet

from agents.api.serializers import AgentSerializer, AIModelSerializer, QuestionSerializer, ReplySerializer
from agents.errors import NoAnswerError, NoModelError
from agents.models import AgentModel, AIModel
from agents.replies import ConversationTurn
from agents.services.agent_service import AgentService
from agents.services.agents import delete_agent
from tenants.api.views import TenantAPIView

METHODS = ["get", "post", "patch", "delete", "head", "options"]


class Conflict(APIException):
    """409."""

    status_code = 409
    default_code = "conflict"


class NoAnswer(APIException):
    """503."""

    status_code = 503
    default_code = "unavailable"


class AgentViewSet(TenantAPIView, ModelViewSet[AgentModel]):
    """The tenant's agents."""

    resource = "agents"
    reading_actions = ("respond",)
    own_transactions = frozenset({"respond"})
    serializer_class = AgentSerializer
    filterset_fields = ["is_active", "is_default", "slug"]
    lookup_value_converter = "uuid"
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[AgentModel]:
        """Return the tenant's agents."""
        return AgentModel.objects.select_related("ai_model", "fallback_model").prefetch_related("knowledge_bases")

    def get_serializer_context(self) -> dict[str, Any]:
        """Tell the serializer who acts."""
        return {**super().get_serializer_context(), "actor": getattr(self.request.auth, "user", None)}

    def perform_destroy(self, instance: AgentModel) -> None:
        """Delete an agent that no conversation names."""
        try:
            delete_agent(instance, actor=self.caller.user)
        except ProtectedError as error:
            raise Conflict(_("Conversations name this agent; switch it off instead of deleting it.")) from error

    @extend_schema(request=QuestionSerializer, responses=ReplySerializer)
    @action(detail=True, methods=["post"])
    def respond(self, request: Request, pk: UUID) -> Response:
        """Answer a message; nothing is stored."""
        asked = QuestionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        history = [ConversationTurn(turn["role"], turn["content"]) for turn in asked.validated_data["history"]]
        turns = [*history, ConversationTurn("user", asked.validated_data["message"])]
        try:
            reply = AgentService.reply(agent_id=pk, turns=turns, language=asked.validated_data["language"])
        except AgentModel.DoesNotExist as error:
            raise NotFound from error
        except NoModelError as error:
            raise Conflict(str(error)) from error
        except NoAnswerError as error:
            raise NoAnswer(_("No model gives an answer right now.")) from error
        return Response(ReplySerializer(reply).data, status=status.HTTP_200_OK)


class AIModelViewSet(TenantAPIView, ReadOnlyModelViewSet[AIModel]):
    """The installation's models; operators change them in the administration."""

    resource = "ai-models"
    serializer_class = AIModelSerializer
    queryset = AIModel.objects.filter(is_active=True)
    filterset_fields = ["provider", "model_type"]
    lookup_value_converter = "uuid"
