"""What people are called in the administration: a browser's visitor has no name of its own."""

from typing import Final

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from chats.models import ChannelKind, ChatModel, Contact

LONGEST: Final = 40
SHOWN_OF_AN_ID: Final = 4


def name_of(contact: Contact) -> str:
    """Return a contact's name; a visitor without one is known by the end of its id."""
    if contact.name or contact.channel != ChannelKind.WEB:
        return Truncator(str(contact)).chars(LONGEST)
    return _("Visitor %(id)s") % {"id": contact.external_id[-SHOWN_OF_AN_ID:]}


def person_of(chat: ChatModel) -> str:
    """Return the name of who writes in a chat; a group, which is nobody, is known by the end of its id."""
    if chat.is_group and not chat.contact:
        return _("Group %(id)s") % {"id": chat.user_id[-SHOWN_OF_AN_ID:]}
    return name_of(chat.contact) if chat.contact else Truncator(chat.user_id).chars(LONGEST)


def initials(name: str) -> str:
    """Return at most two letters that stand for a name."""
    return "".join(word[0] for word in name.split()[:2]).upper() or "?"
