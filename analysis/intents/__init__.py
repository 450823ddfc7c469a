"""What people want, told from examples: training, classifying, and how well both do."""

from analysis.intents.classifier import (
    Guess,
    IntentClassifier,
    Learnt,
    NoExamplesError,
    Watch,
    learn_intents,
    train_intents,
)
from analysis.intents.scores import Scores, Told, Weak, scored

__all__ = [
    "Guess",
    "IntentClassifier",
    "Learnt",
    "NoExamplesError",
    "Scores",
    "Told",
    "Watch",
    "Weak",
    "learn_intents",
    "scored",
    "train_intents",
]
