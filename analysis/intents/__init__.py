"""What people want, told from examples: training, classifying, and the words that a conversation is about."""

from analysis.intents.classifier import Guess, IntentClassifier, NoExamplesError, train_intents

__all__ = ["Guess", "IntentClassifier", "NoExamplesError", "train_intents"]
