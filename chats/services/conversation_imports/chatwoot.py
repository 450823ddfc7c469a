"""Chatwoot: contacts, conversations and messages as its API gives them, alone, in lists or in pages.

Shapes: https://www.chatwoot.com/developers/api/ (contacts, conversations, messages). Private notes are the staff's own
and stay out; an activity ("Conversation was marked resolved") becomes a message of the system.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as _

from chats.services.conversation_imports.records import (
    Conversation,
    Fields,
    Item,
    Items,
    Message,
    Person,
    Problem,
    UnusableError,
)

CHANNELS: Final = {"Channel::Whatsapp": "whatsapp", "Channel::WebWidget": "web"}
SENDERS: Final = {"0": "user", "incoming": "user", "1": "staff", "outgoing": "staff", "2": "system",
                  "activity": "system", "3": "agent", "template": "agent"}  # fmt: skip
BOTS: Final = frozenset({"agent_bot", "AgentBot", "captain_assistant", "Captain::Assistant"})
MOST_PAGES: Final = 3


class ChatwootReader:
    """Reads values one after another; knows which conversations it has told of only by their messages' own words."""

    def read(self, line: int, value: Any) -> Items:
        """Yield what a value holds; Problems for what is none of Chatwoot's."""
        yield from self._walk(line, value, 0)

    def _walk(self, line: int, value: Any, depth: int) -> Items:
        if isinstance(value, list) and depth <= MOST_PAGES:
            for each in value:
                yield from self._walk(line, each, depth + 1)
            return
        if not isinstance(value, dict):
            yield Problem(line, _("It is no object of Chatwoot's."))
            return
        inner = value.get("payload", value.get("data"))
        if isinstance(inner, dict | list) and depth <= MOST_PAGES:
            yield from self._walk(line, inner, depth + 1)
            return
        try:
            yield from self._object(line, Fields(value))
        except UnusableError as error:
            yield Problem(line, str(error))

    def _object(self, line: int, told: Fields) -> Iterator[Item]:
        if "message_type" in told.told:
            yield from self._message(line, told, told.text("conversation_id"))
        elif "meta" in told.told and ("messages" in told.told or "inbox_id" in told.told):
            yield from self._conversation(line, told)
        elif {"phone_number", "identifier", "email"} & told.told.keys() and "id" in told.told:
            yield self._person(told, "api")
        else:
            yield Problem(line, _("It is no contact, conversation or message of Chatwoot's."))

    def _conversation(self, line: int, told: Fields) -> Items:
        key = told.text("id")
        if not key:
            raise UnusableError(_("The conversation has no id."))
        meta = told.object("meta")
        channel = CHANNELS.get(meta.text("channel"), "api")
        sender = meta.object("sender")
        title = told.object("additional_attributes").text("mail_subject")
        person = self._person(sender, channel) if sender.told else None
        is_open = told.text("status") in {"open", "pending", "snoozed"}
        yield Conversation(f"chatwoot:{key}", person, title, channel, is_open)
        messages = []
        for each in told.objects("messages"):
            try:
                messages += list(self._message(line, each, key))
            except UnusableError as error:
                yield Problem(line, str(error))
        yield from sorted(messages, key=lambda message: message.at)

    def _message(self, line: int, told: Fields, conversation: str) -> Iterator[Message]:
        key, sender = told.text("id"), SENDERS.get(told.text("message_type"))
        if not key or not conversation or sender is None:
            raise UnusableError(_("A message has no id, no conversation, or no known message_type."))
        if told.told.get("private") is True:
            return
        author = told.object("sender")
        if sender == "staff" and author.text("type") in BOTS:
            sender = "agent"
        content = told.text("content", longest=1 << 20)
        files = [f"[{each.text('file_type')} {each.text('data_url', 2000)}]" for each in told.objects("attachments")]
        text = "\n".join(filter(None, [content, *files]))
        if text:
            name = author.text("name")
            at = told.time("created_at")
            yield Message(line, f"chatwoot:{conversation}", f"chatwoot:{key}", sender, text, at, name)

    def _person(self, told: Fields, channel: str) -> Person:
        phone = told.text("phone_number")
        digits = "".join(sign for sign in phone if sign.isdigit())
        known = [digits if channel == "whatsapp" else "", told.text("identifier"), told.text("email"), digits]
        own = told.text("id")
        external_id = next(filter(None, known), f"chatwoot-{own}" if own else "")
        if not external_id:
            raise UnusableError(_("A contact has no id."))
        return Person(channel, external_id, told.text("name"), told.text("email"), phone, told.labels("labels"))
