"""The administration of agents, models and knowledge."""

from agents.admin import agents, knowledge

__all__ = ["agents", "knowledge"]
