"""Embeddings of passages, by a model that speaks OpenAI's `POST /embeddings` (commands.md, `--reembed`).

The text search finds by words and needs none; they are kept for searches by meaning, with the model that made them.
"""

from collections.abc import Iterator
from typing import Any, Final

import httpx2
from django.db import transaction
from django.utils.translation import gettext as _

from agents.errors import NoModelError
from agents.models import AIModel, KnowledgeBase, KnowledgeChunk, ModelType, Provider
from agents.providers import ModelUse
from agents.providers.addresses import OPENAI
from agents.services.model_use import use_of
from notifications.outgoing import client

BATCH: Final = 64
SECONDS: Final = 60.0


class EmbeddingError(RuntimeError):
    """The model gave no embeddings; the message says why, without what was asked."""


def embedding_model() -> tuple[AIModel, ModelUse]:
    """Return the first active embedding model with what it takes to use it; NoModelError when there is none."""
    with transaction.atomic():
        rows = AIModel.objects.filter(model_type=ModelType.EMBEDDING, is_active=True)
        model = rows.filter(provider__in=[Provider.OPENAI, Provider.OPENAI_COMPATIBLE]).order_by("name").first()
        if model is None:
            raise NoModelError(_("There is no active embedding model: add one under “AI models”."))
        use = use_of(model)
        if use.problem:
            raise NoModelError(_("The model “%(name)s” cannot be used: it needs a key.") % {"name": model.name})
        return model, use


def embed_base(base: KnowledgeBase, model: AIModel, use: ModelUse) -> Iterator[int]:
    """Embed each passage of a base that the model has not embedded yet; yield how many each request did.

    No transaction is open while the model is asked; killed, it goes on where it was.
    """
    last = 0
    while True:
        with transaction.atomic():
            rows = KnowledgeChunk.objects.filter(base=base, pk__gt=last).exclude(embedding_model=model.name)
            passages = list(rows.order_by("pk").values_list("pk", "heading", "content")[:BATCH])
        if not passages:
            return
        vectors = ask(use, [f"{heading}\n{content}".strip() for _pk, heading, content in passages])
        with transaction.atomic():
            for (key, _heading, _content), vector in zip(passages, vectors, strict=True):
                KnowledgeChunk.objects.filter(pk=key).update(embedding=vector, embedding_model=model.name)
        last = passages[-1][0]
        yield len(passages)


def without_embedding(base: KnowledgeBase, model: AIModel) -> int:
    """Return how many passages of a base a model has not embedded."""
    with transaction.atomic():
        return KnowledgeChunk.objects.filter(base=base).exclude(embedding_model=model.name).count()


def ask(use: ModelUse, texts: list[str]) -> list[list[float]]:
    """Return a vector for each text; EmbeddingError when the answer is none."""
    headers = {"Authorization": f"Bearer {use.secret}"} if use.secret else {}
    body = {"model": use.remote_name, "input": texts, "encoding_format": "float"}
    try:
        with client(read=SECONDS, total=SECONDS) as http:
            answer = http.post(f"{use.base_url or OPENAI}/embeddings", json=body, headers=headers)
    except httpx2.TransportError as error:
        raise EmbeddingError(_("The model “%(name)s” does not answer.") % {"name": use.name}) from error
    if answer.status_code != httpx2.codes.OK:
        told = {"name": use.name, "status": answer.status_code}
        raise EmbeddingError(_("The model “%(name)s” answered %(status)s.") % told)
    return _vectors(use, answer, len(texts))


def _vectors(use: ModelUse, answer: httpx2.Response, count: int) -> list[list[float]]:
    try:
        rows: list[dict[str, Any]] = sorted(answer.json()["data"], key=lambda row: int(row["index"]))
        vectors = [[float(number) for number in row["embedding"]] for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddingError(_("The answer of the model “%(name)s” cannot be read.") % {"name": use.name}) from error
    if len(vectors) != count or not all(vectors):
        raise EmbeddingError(_("The answer of the model “%(name)s” cannot be read.") % {"name": use.name})
    return vectors
