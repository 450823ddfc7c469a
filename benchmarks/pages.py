"""Every list, search and report of a tenant with a million messages, and of one with a thousand beside it.

`CHARLA_MESSAGES=100000 python -m benchmarks pages` measures another number than a million. Requests go through the
whole application within this process, so that what is measured is Charla and PostgreSQL, not a client.
"""

import re
import subprocess
import sys
import time
from dataclasses import dataclass

from benchmarks.figures import Report, percentile, reporting
from benchmarks.filling import MESSAGES
from benchmarks.installation import ROOT, TENANT, Installation, installation, make_cast

SMALL, SMALL_MESSAGES = "small", 1_000
ROUNDS = 30
WARM_UP = 5  # what is counted once, as the days of a report, is counted by then
MOST_MS = 100
API = {
    "inbox list": "/api/v1/chats/",
    "inbox list, waiting": "/api/v1/chats/?status=waiting",
    "inbox list, oldest activity first": "/api/v1/chats/?ordering=last_activity",
    "contacts": "/api/v1/contacts/",
    "latest messages of a chat": "/api/v1/chats/{chat}/messages/",
    "search of messages": "/api/v1/search/messages/?q=order",
    "search of messages, two words": "/api/v1/search/messages/?q=order+delivery",
    "search of chats": "/api/v1/search/chats/?q=order",
    "audit trail": "/api/v1/audit-logs/",
    "events": "/api/v1/events/",
    "reports": "/api/v1/reports/",
    "usage": "/api/v1/usage/",
}
ADMIN = {
    "administration, its front": "/admin/",
    "administration, chats that hold a word": "/admin/chats/chatmodel/?q=order",
    "administration, chats of a person who is rare": "/admin/chats/chatmodel/?q=maria",
    "administration, a month's report": "/admin/analysis/report/now/?type=usage&period=monthly",
}


@dataclass(frozen=True)
class Page:
    """A page as one tenant's owner sees it: the 95th percentile in milliseconds, the statements of a request."""

    milliseconds: float
    statements: int


class Browser:
    """An owner of a tenant: in the administration by a session, in the API by a key."""

    def __init__(self, tenant: str, people: int) -> None:
        from django.test import Client

        from chats.models import ChatModel
        from tenants.models import Membership, Role, TenantModel, User
        from tenants.scope import in_tenant

        cast = make_cast(people, tenant)
        user = User.objects.create_user(f"owner@{tenant}.example", "correct horse battery staple", is_staff=True)
        with in_tenant(TenantModel.objects.get(name=tenant)):
            Membership.objects.create(user=user, role=Role.OWNER)
            self.chat = str(ChatModel.objects.order_by("-message_count").values_list("chat_id", flat=True)[0])
        self.staff, self.program = Client(), Client(headers={"authorization": f"Api-Key {cast.key}"})
        self.staff.force_login(user)

    def open(self, path: str) -> Page:
        """Ask for a page again and again; RuntimeError when it does not come."""
        from django.db import connections
        from django.test.utils import CaptureQueriesContext

        client = self.program if path.startswith("/api/") else self.staff
        path = path.format(chat=self.chat)
        took = []
        for _round in range(WARM_UP + ROUNDS):
            began = time.perf_counter()
            answer = client.get(path)
            took.append((time.perf_counter() - began) * 1e3)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content[:300]!r}")
        with CaptureQueriesContext(connections["default"]) as asked:  # which takes time of its own
            client.get(path)
        return Page(percentile(took[WARM_UP:], 0.95), len(asked))


def lists(browser: Browser) -> dict[str, str]:
    """Return each list that the administration leads an owner to: its name and address."""
    front = browser.staff.get("/admin/").content.decode()
    return {f"administration, {path[7:-1]}": path for path in sorted(set(re.findall(r"/admin/\w+/\w+/", front)))}


def fill(tenant: str, messages: int) -> None:
    """Make a tenant's conversations of three years."""
    words = ["create_test_data", f"--tenant={tenant}", f"--volume={messages}", "--scenario=history", "--seed=1"]
    subprocess.run(
        [sys.executable, "manage.py", *words, "--no-progress"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )


def compare(report: Report, name: str, path: str, large: Browser, small: Browser) -> None:
    """Report one page in both tenants."""
    among_few, among_many = small.open(path), large.open(path)
    report.add(f"{name}, 95th percentile", among_many.milliseconds, "ms", most=MOST_MS)
    report.add("  times the one of a thousand messages", among_many.milliseconds / among_few.milliseconds, "")
    report.add("  statements more than there", among_many.statements - among_few.statements, "", most=0)


def prepared(made: Installation) -> tuple[Browser, Browser]:
    """Fill both tenants, let PostgreSQL count, and return their owners."""
    for name, messages in ((TENANT, MESSAGES), (SMALL, SMALL_MESSAGES)):
        make_cast(0, name)
        fill(name, messages)
    with made.owner() as connection:
        connection.execute("VACUUM ANALYZE")
    return Browser(TENANT, 0), Browser(SMALL, 0)


def main() -> None:
    """Measure every page in both tenants."""
    with reporting() as report, installation() as made:
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["testserver"]
        large, small = prepared(made)
        for name, path in (API | ADMIN | lists(small)).items():
            compare(report, name, path, large, small)


if __name__ == "__main__":
    main()
