"""Who may do what, said a second time: by decision 28 and by reviewed lists, not by what the views declare.

A new route needs no line here unless it is open to nobody's credential, to visitors, or to each person for itself.
"""

from typing import Final

from tests.probes.operations import Operation

# Operations that anybody may ask for without a credential.
OPEN: Final = {
    "POST /api/v1/auth/login/",
    "POST /api/v1/invitations/sign-up/",
    "GET /api/v1/widget/config/",
    "POST /api/v1/widget/sessions/",
}
# Operations that a visitor may ask for, about its own conversations.
FOR_VISITORS: Final = {
    "GET /api/v1/chats/",
    "POST /api/v1/chats/",
    "GET /api/v1/chats/{chat_id}/",
    "POST /api/v1/chats/{chat_id}/escalate/",
    "POST /api/v1/chats/{chat_id}/complete/",
    "GET /api/v1/chats/{chat_id}/messages/",
    "POST /api/v1/chats/{chat_id}/messages/",
    "POST /api/v1/chats/{chat_id}/media/",
    "GET /api/v1/chats/{chat_id}/media/{id}/",
    "GET /api/v1/chats/{chat_id}/media/{id}/thumbnail/",
    "POST /api/v1/chats/{chat_id}/rating/",
}
# What nobody but a visitor has a use for.
VISITORS_ALONE: Final = {"POST /api/v1/widget/tickets/"}
# What is read of conversations, by whatever address.
ABOUT_CHATS: Final = {"chats", "search"}
# What is about the caller itself: every person may, whatever its role; no key and no visitor may.
ABOUT_ONESELF: Final = {"auth", "notifications", "notification-preferences"}
ACCEPTING: Final = "POST /api/v1/invitations/accept/"
# Whose rules depend on the row: one's own tenant, an owner's membership. An agent or a viewer writes none of them.
BY_ROW: Final = {"tenants", "memberships", "users", "invitations"}
# The installation's: the operator's alone.
OPERATORS: Final = {"config"}
OPERATORS_WRITE: Final = {"ai-models"}
# Asking, though by POST: nothing is stored.
READS_BY_POST: Final = ("/respond/", "/classify/", "/test/")
AGENTS_WRITE: Final = {"chats", "contacts", "sentiments", "message-intents"}


def may(caller: str, operation: Operation) -> bool | None:
    """Tell whether a caller may ask for an operation at all; None where the rules leave it open."""
    if str(operation) in OPEN:
        return None
    reads = operation.method == "get"
    if caller == "visitor":
        return str(operation) in FOR_VISITORS | VISITORS_ALONE
    if caller == "nobody" or str(operation) in VISITORS_ALONE:
        return False
    if operation.segment in OPERATORS or (operation.segment in OPERATORS_WRITE and not reads):
        return False
    if operation.segment in ABOUT_ONESELF or str(operation) == ACCEPTING:
        return "key" not in caller
    if caller == "speaking key":
        return None if operation.segment in ABOUT_CHATS else _unless_about_chats(operation)
    if caller == "reading key":
        return None if operation.segment in {*ABOUT_CHATS, "contacts"} and reads else _unless_about_chats(operation)
    if operation.path.endswith(READS_BY_POST):
        return True if caller in {"owner", "admin"} else None
    return _by_role(caller, operation, reads=reads)


def _unless_about_chats(operation: Operation) -> bool | None:
    return None if operation.method == "get" and "chat" in operation.path else False


def _by_role(caller: str, operation: Operation, *, reads: bool) -> bool | None:
    if caller in {"agent", "viewer"} and not reads:
        return None if caller == "agent" and operation.segment in AGENTS_WRITE else False
    if caller in {"owner", "owner's session", "admin"} and operation.segment not in BY_ROW:
        return True
    return None
