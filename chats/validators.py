"""What `validate_chat_integrity`, `validate_chat_content` and `validate_system` look for in conversations."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from chats.models import ChatModel, ContentChatModel, MediaContentModel
from chats.services import content_checks as content
from chats.services import integrity
from metrics.validators import VALIDATORS, Validator, by_sql, mend_by_sql

INTEGRITY: Final = {
    # Before the counters: a chat that is numbered anew has right ones.
    "chats.holes": Validator(
        _("conversations whose messages are not numbered 1, 2, 3… (mended once nothing happened in them for an hour)"),
        ChatModel, by_sql(integrity.HOLES), integrity.close_holes, "chat_id",
    ),
    "chats.counters": Validator(
        _("conversations whose counters do not say what they hold"),
        ChatModel, by_sql(integrity.WRONG_COUNTERS), mend_by_sql(integrity.COUNT_ANEW), "chat_id",
    ),
    "chats.empty": Validator(
        _("conversations without a message for more than a day (mended by hiding them)"),
        ChatModel, by_sql(integrity.EMPTY), mend_by_sql(integrity.HIDE), "chat_id",
    ),
    "chats.person": Validator(
        _("conversations without a contact"),
        ChatModel, by_sql(integrity.PERSONLESS), mend_by_sql(integrity.FIND_PEOPLE), "chat_id",
    ),
    "chats.archived_at": Validator(
        _("archived conversations that do not say when"),
        ChatModel, by_sql(integrity.UNDATED), mend_by_sql(integrity.DATE), "chat_id",
    ),
    "chats.answers": Validator(
        _("messages in response to one of another conversation"),
        ContentChatModel, by_sql(content.ANSWERS_ELSEWHERE), mend_by_sql(content.ANSWER_NOTHING),
    ),
    "chats.files_chat": Validator(
        _("files that are of another conversation than their message"),
        MediaContentModel, by_sql(content.FILE_ELSEWHERE), mend_by_sql(content.BRING_FILE),
    ),
}  # fmt: skip
CONTENT: Final = {
    "chats.marks": Validator(
        _("messages whose marks do not say how they are encrypted"),
        ContentChatModel, content.badly_marked, content.mark_anew,
    ),
    "chats.unreadable": Validator(
        _("messages that do not open with the keys at hand"), ContentChatModel, content.unreadable_messages
    ),
    "chats.unreadable_titles": Validator(
        _("conversations whose title does not open with the keys at hand"),
        ChatModel, content.unreadable_titles, None, "chat_id",
    ),
    "chats.blank": Validator(
        _("messages without text and without a file"), ContentChatModel, by_sql(content.SAYS_NOTHING)
    ),
    "chats.too_long": Validator(
        _("messages that are longer than any may be"), ContentChatModel, content.too_long
    ),
    "chats.unindexed": Validator(
        _("messages that the search does not know"),
        ContentChatModel, by_sql(content.NOT_FOUND_BY_SEARCH), content.index_anew,
    ),
    "chats.files": Validator(
        _("files that are not in the storage"), MediaContentModel, content.without_file
    ),
}  # fmt: skip

for _name, _validator in {**INTEGRITY, **CONTENT}.items():
    VALIDATORS.add(_name, _validator)
