"""Zendesk: tickets with their comments, and users, from the JSON export or from pages of the API.

Shapes: https://developer.zendesk.com/api-reference/ticketing/ (tickets, ticket comments, ticket audits, users). The
export's file has one ticket a line, its comments inside; of the API's pages, ticket audits hold the comments too.
Comments that are not public are the staff's own and stay out.
"""

from typing import Any, Final

from django.utils.translation import gettext as _

from chats.services.conversation_imports.records import (
    Conversation,
    Fields,
    Items,
    Message,
    Person,
    Problem,
    UnusableError,
)

PAGES: Final = ("tickets", "users", "audits")
OPEN: Final = frozenset({"new", "open", "pending", "hold"})
MOST_USERS: Final = 100_000
MOST_PAGES: Final = 3


class ZendeskReader:
    """Reads values one after another; remembers who is a customer, as far as users came before their tickets."""

    def __init__(self) -> None:
        self.users: dict[str, Person] = {}
        self.requesters: dict[str, str] = {}

    def read(self, line: int, value: Any) -> Items:
        """Yield what a value holds; Problems for what is none of Zendesk's."""
        yield from self._walk(line, value, 0)

    def _walk(self, line: int, value: Any, depth: int) -> Items:
        if isinstance(value, list) and depth <= MOST_PAGES:
            for each in value:
                yield from self._walk(line, each, depth + 1)
            return
        if not isinstance(value, dict):
            yield Problem(line, _("It is no object of Zendesk's."))
            return
        inner = [value[name] for name in ("users", "tickets", "audits") if isinstance(value.get(name), list)]
        inner += [value[name] for name in ("user", "ticket", "audit") if isinstance(value.get(name), dict)]
        if inner and depth <= MOST_PAGES:
            for each in inner:
                yield from self._walk(line, each, depth + 1)
            return
        try:
            yield from self._object(line, Fields(value))
        except UnusableError as error:
            yield Problem(line, str(error))

    def _object(self, line: int, told: Fields) -> Items:
        if "requester_id" in told.told or "requester" in told.told:
            yield from self._ticket(line, told)
        elif "events" in told.told and "ticket_id" in told.told:
            yield from self._audit(line, told)
        elif "role" in told.told and "id" in told.told:
            yield from self._user(told)
        else:
            yield Problem(line, _("It is no ticket, audit or user of Zendesk's."))

    def _user(self, told: Fields) -> Items:
        person = _person(told)
        if told.text("role") != "end-user":
            return
        if len(self.users) < MOST_USERS:
            self.users[told.text("id")] = person
        yield person

    def _ticket(self, line: int, told: Fields) -> Items:
        key = told.text("id")
        requester = told.object("requester")
        asker = told.text("requester_id") or requester.text("id")
        if not key or not asker:
            raise UnusableError(_("The ticket has no id or no requester."))
        person = _person(requester) if requester.told else self.users.get(asker) or Person("api", f"zendesk-{asker}")
        title = told.text("subject") or told.text("raw_subject")
        yield Conversation(f"zendesk:{key}", person, title, "api", told.text("status") in OPEN)
        if len(self.requesters) < MOST_USERS:
            self.requesters[key] = asker
        comments = told.objects("comments")
        if not comments and told.text("description", 1 << 20):
            comments = [Fields({**told.told, "id": f"{key}-description", "author_id": asker, "public": True,
                                "body": told.told.get("description")})]  # fmt: skip
        messages = []
        for each in comments:
            try:
                messages += self._comment(line, key, asker, each, each)
            except UnusableError as error:
                yield Problem(line, str(error))
        yield from sorted(messages, key=lambda message: message.at)

    def _audit(self, line: int, told: Fields) -> Items:
        ticket = told.text("ticket_id")
        if not ticket:
            raise UnusableError(_("The audit has no ticket."))
        for event in told.objects("events"):
            if event.text("type") == "Comment":
                yield from self._comment(line, ticket, self.requesters.get(ticket, ""), event, told)

    def _comment(self, line: int, ticket: str, asker: str, told: Fields, around: Fields) -> list[Message]:
        if told.told.get("public") is False:
            return []
        key = told.text("id")
        text = told.text("plain_body", 1 << 20) or told.text("body", 1 << 20)
        if not key:
            raise UnusableError(_("A comment has no id."))
        files = [f"[{each.text('file_name')} {each.text('content_url', 2000)}]" for each in told.objects("attachments")]
        text = "\n".join(filter(None, [text, *files]))
        if not text:
            return []
        author_id = told.text("author_id") or told.object("author").text("id") or around.text("author_id")
        is_customer = author_id == asker or author_id in self.users
        author = told.object("author").text("name")
        at = around.time("created_at")
        sender = "user" if is_customer else "staff"
        return [Message(line, f"zendesk:{ticket}", f"zendesk:{key}", sender, text, at, author)]


def _person(told: Fields) -> Person:
    own = told.text("id")
    email, phone = told.text("email"), told.text("phone")
    if not own:
        raise UnusableError(_("A user has no id."))
    return Person("api", f"zendesk-{own}", told.text("name"), email, phone, told.labels("tags"))
