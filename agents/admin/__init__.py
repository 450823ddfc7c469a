"""The administration of agents, models and knowledge."""

from agents.admin import agents, knowledge, models

__all__ = ["agents", "knowledge", "models"]
