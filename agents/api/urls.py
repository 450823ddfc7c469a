"""Paths of agents, models and knowledge."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from agents.api.knowledge_views import KnowledgeBaseViewSet, KnowledgeDocumentViewSet, KnowledgeSearchView
from agents.api.views import AgentViewSet, AIModelViewSet, ProviderCredentialViewSet

router = SimpleRouter(use_regex_path=False)
router.register("agents", AgentViewSet, basename="agent")
router.register("ai-models", AIModelViewSet, basename="ai-model")
router.register("provider-credentials", ProviderCredentialViewSet, basename="provider-credential")
router.register("knowledge-bases", KnowledgeBaseViewSet, basename="knowledge-base")

documents = KnowledgeDocumentViewSet.as_view({"get": "list", "post": "create"})
document = KnowledgeDocumentViewSet.as_view({"get": "retrieve", "delete": "destroy"})

urlpatterns = [
    *router.urls,
    path("knowledge-bases/<uuid:base_id>/documents/", documents, name="knowledge-documents"),
    path("knowledge-bases/<uuid:base_id>/documents/<uuid:document_id>/", document, name="knowledge-document"),
    path("knowledge/search/", KnowledgeSearchView.as_view(), name="knowledge-search"),
]
