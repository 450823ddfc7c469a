"""Agents and models (api.md)."""

from typing import Any
from uuid import UUID

from django.db.models import ProtectedError, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from agents.api.serializers import (
    AgentSerializer,
    AIModelSerializer,
    ProviderCredentialSerializer,
    QuestionSerializer,
    ReplySerializer,
)
from agents.errors import NoAnswerError, NoModelError
from agents.models import AgentModel, AIModel, ProviderCredential
from agents.replies import ConversationTurn
from agents.services.agent_service import AgentService
from agents.services.agents import delete_agent
from agents.services.credentials import delete_credential
from audit.services import AuditService
from tenants.api.views import TenantAPIView
from tenants.callers import Caller
from tenants.limits.rules import charge_tokens
from tenants.scope import current_tenant_id

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
        charge_tokens(current_tenant_id(), reply.tokens_used)
        return Response(ReplySerializer(reply).data, status=status.HTTP_200_OK)


class AIModelViewSet(TenantAPIView, ModelViewSet[AIModel]):
    """The installation's models: tenants read those that are active, the operator writes."""

    resource = "ai-models"
    serializer_class = AIModelSerializer
    queryset = AIModel.objects.all()
    filterset_fields = ["provider", "model_type"]
    lookup_value_converter = "uuid"
    http_method_names = METHODS

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse to write for anybody but who runs the installation."""
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS and not self._is_operator():
            raise PermissionDenied

    def get_queryset(self) -> QuerySet[AIModel]:
        """Return the active models; all of them to the operator."""
        models = super().get_queryset()
        return models if self._is_operator() else models.filter(is_active=True)

    def perform_create(self, serializer: Any) -> None:
        """Store a model."""
        self._audit("ai_model_created", serializer.save(), sorted(serializer.validated_data))

    def perform_update(self, serializer: Any) -> None:
        """Change a model."""
        self._audit("ai_model_updated", serializer.save(), sorted(serializer.validated_data))

    def perform_destroy(self, instance: AIModel) -> None:
        """Delete a model; agents that used it use the default one."""
        self._audit("ai_model_deleted", instance, [])
        instance.delete()

    def _is_operator(self) -> bool:
        caller = self.request.auth
        return isinstance(caller, Caller) and caller.user is not None and caller.user.is_superuser

    def _audit(self, action_: str, model: AIModel, fields: list[str]) -> None:
        tenant, details = self.caller.tenant_id, {"name": model.name, "fields": fields}
        AuditService.log_event(action_, self.caller.user, tenant, "ai_model", str(model.pk), details)


class ProviderCredentialViewSet(TenantAPIView, ModelViewSet[ProviderCredential]):
    """The tenant's keys to providers of language models; a secret goes in and never comes out."""

    resource = "provider-credentials"
    serializer_class = ProviderCredentialSerializer
    filterset_fields = ["provider"]
    lookup_value_converter = "uuid"
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[ProviderCredential]:
        """Return the tenant's keys."""
        return ProviderCredential.objects.all()

    def get_serializer_context(self) -> dict[str, Any]:
        """Tell the serializer who acts."""
        return {**super().get_serializer_context(), "actor": getattr(self.request.auth, "user", None)}

    def perform_destroy(self, instance: ProviderCredential) -> None:
        """Delete a key."""
        delete_credential(instance, actor=self.caller.user)
