"""System checks: a sentiment model that is named but cannot be used is told before the first message meets it."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from analysis.sentiment.transformer import missing


@register()
def check_sentiment_model(**kwargs: Any) -> list[CheckMessage]:
    """Refuse a CHARLA_SENTIMENT_MODEL that names no model, or needs packages that are not installed."""
    folder = settings.CHARLA_SENTIMENT_MODEL
    lacks = missing(folder) if folder else ""
    hint = "pip install transformers torch, and name a folder with a text classification model; or unset the variable."
    return [Error(lacks, hint=hint, id="analysis.E001")] if lacks else []
