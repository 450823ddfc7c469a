"""The app's models: agents and what they run on, and the knowledge they answer from."""

from agents.models.agent import AgentKnowledgeBase, AgentModel, Tone
from agents.models.ai_model import AIModel, ModelPerformance, ModelType, ModelVersion, Provider
from agents.models.credential import ProviderCredential
from agents.models.knowledge import (
    DocumentStatus,
    KnowledgeBase,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeStatistics,
    KnowledgeTerm,
)

__all__ = [
    "AIModel",
    "AgentKnowledgeBase",
    "AgentModel",
    "DocumentStatus",
    "KnowledgeBase",
    "KnowledgeChunk",
    "KnowledgeDocument",
    "KnowledgeStatistics",
    "KnowledgeTerm",
    "ModelPerformance",
    "ModelType",
    "ModelVersion",
    "Provider",
    "ProviderCredential",
    "Tone",
]
