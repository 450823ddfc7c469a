"""How models do, from their real replies: one running mean an hour for each figure."""

import time
from typing import Final

from django.db import connection, transaction

from agents.models import AIModel
from agents.replies import Reply

ADD: Final = """
INSERT INTO agents_modelperformance AS had (model_id, metric_name, metric_value, sample_size, recorded_at)
SELECT %s, name, value, 1, date_trunc('hour', now()) FROM unnest(%s::text[], %s::float8[]) AS new (name, value)
ORDER BY name
ON CONFLICT (model_id, metric_name, recorded_at) DO UPDATE SET sample_size = had.sample_size + 1,
    metric_value = had.metric_value + (EXCLUDED.metric_value - had.metric_value) / (had.sample_size + 1)
"""


class Stopwatch:
    """Times a reply from its beginning: to the first piece, and to the whole."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.first: float | None = None
        self.whole: float | None = None
        self.tokens = 0

    def saw(self, piece: str | Reply) -> None:
        """Note that a piece came."""
        elapsed = time.perf_counter() - self.began
        if self.first is None:
            self.first = elapsed
        if isinstance(piece, Reply):
            self.whole, self.tokens = elapsed, piece.tokens_used

    def figures(self) -> dict[str, float]:
        """Return the reply's figures; times in milliseconds."""
        figures = {"error_rate": 0.0 if self.whole is not None else 1.0}
        if self.first is not None:
            figures["first_piece_ms"] = self.first * 1000
        if self.whole is not None:
            figures["latency_ms"] = self.whole * 1000
            if self.tokens:
                figures["tokens_per_second"] = self.tokens / max(self.whole, 1e-6)
        return figures


def record_reply(model: AIModel, watch: Stopwatch) -> None:
    """Add a reply's figures to the model's hour, in a transaction of its own."""
    figures = watch.figures()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ADD, [model.pk, list(figures), list(figures.values())])
