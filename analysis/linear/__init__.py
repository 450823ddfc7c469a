"""A linear text classifier that weighs little: numpy alone, models as checked bytes."""

from analysis.linear.blob import ModelFormatError, digest
from analysis.linear.model import LinearModel
from analysis.linear.terms import Features
from analysis.linear.training import train

__all__ = ["Features", "LinearModel", "ModelFormatError", "digest", "train"]
