"""What may be wrong with what was found out about conversations."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from analysis.models import MessageIntent, SentimentChatModel
from metrics.validators import VALIDATORS, Validator, add_model_validators, by_sql, mend_by_sql

ELSEWHERE: Final = """
SELECT found.id FROM {table} AS found
JOIN chats_contentchatmodel AS said ON said.tenant_id = found.tenant_id AND said.id = found.message_id
WHERE found.tenant_id = %(tenant)s AND found.id = ANY(%(keys)s) AND said.chat_id <> found.chat_id
"""
BRING: Final = """
UPDATE {table} AS found SET chat_id = said.chat_id FROM chats_contentchatmodel AS said
WHERE found.tenant_id = %(tenant)s AND found.id = ANY(%(keys)s) AND said.tenant_id = found.tenant_id
  AND said.id = found.message_id
"""


def _of_its_message(model: Any) -> Validator:
    table = model._meta.db_table
    says = _("findings that are of another conversation than their message")
    return Validator(says, model, by_sql(ELSEWHERE.format(table=table)), mend_by_sql(BRING.format(table=table)))


add_model_validators("analysis")
VALIDATORS.add("analysis.moods", _of_its_message(SentimentChatModel))
VALIDATORS.add("analysis.intents", _of_its_message(MessageIntent))
