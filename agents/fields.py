"""Fields that knowledge and models need beside Django's."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Func

from notifications.outgoing import OutgoingRefusedError, check_url


class TsVectorField(models.Field):  # type: ignore[type-arg]
    """A `tsvector` column; written by the database alone."""

    def db_type(self, connection: Any) -> str:
        """Return the column's type."""
        return "tsvector"


class ChunkVector(Func):
    """The words of a chunk: those of its heading with weight A, those of its content without."""

    function = "charla_chunk_vector"
    arity = 3
    output_field = TsVectorField()


class WordCount(Func):
    """How many words a text has, counted as the search counts them."""

    function = "charla_word_count"
    arity = 2
    output_field = models.IntegerField()


def validate_address(url: str) -> None:
    """Refuse an address that could never be called (notifications/outgoing)."""
    try:
        check_url(url)
    except OutgoingRefusedError as error:
        raise ValidationError(str(error), code="invalid") from error
