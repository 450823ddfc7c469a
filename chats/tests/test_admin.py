"""Conversations in the administration: read as one, answered, and never a neighbour's."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chats.models import ChatModel, ChatStatus, ContentChatModel, MediaContentModel, Sender
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from chats.services.transcript import PAGE
from chats.tests.test_media import PDF, picture
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.administration import browser_of


def url(name: str, chat: ChatModel) -> str:
    return reverse(f"admin:chats_chatmodel_{name}", args=[chat.pk])


def say(chat: ChatModel, content: str, sender: str = Sender.USER, **draft: Any) -> None:
    with in_tenant(chat.tenant_id):
        post_message(chat_id=chat.chat_id, content=content, sender=sender, **draft)


def fresh(chat: ChatModel) -> ChatModel:
    with in_tenant(chat.tenant_id):
        found: ChatModel = ChatModel.objects.select_related("assigned_to").get(pk=chat.pk)
    return found


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_conversation_reads_as_one_with_its_sources(colleague: User, chat: ChatModel) -> None:
    say(chat, "When do you open?")
    source = {"document": "1", "title": "Opening hours", "source": "faq.csv", "excerpt": "From nine to five"}
    say(chat, "At nine.", Sender.AGENT, metadata={"citations": [source]}, model_used="builtin")
    page = text_of(browser_of(colleague).get(url("change", chat)))
    assert page.index("When do you open?") < page.index("At nine.")
    for shown in ("ch-user", "ch-agent", "Aurora", "Opening hours", "From nine to five", "builtin"):
        assert shown in page


def test_what_people_write_is_text_and_nothing_else(colleague: User, chat: ChatModel) -> None:
    say(chat, "<script>alert(1)</script><img src=x onerror=alert(2)>")
    page = text_of(browser_of(colleague).get(url("change", chat)))
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_long_conversation_is_read_a_page_at_a_time(colleague: User, chat: ChatModel) -> None:
    for number in range(PAGE + 5):
        say(chat, f"message number {number:03}")
    browser = browser_of(colleague)
    latest = text_of(browser.get(url("change", chat)))
    assert "message number 004" not in latest
    assert "message number 005" in latest
    assert "?before=6" in latest
    earlier = text_of(browser.get(url("change", chat), {"before": 6}))
    assert "message number 004" in earlier
    assert "message number 005" not in earlier


def test_a_page_costs_the_same_however_much_was_said(colleague: User, chat: ChatModel) -> None:
    browser = browser_of(colleague)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            text_of(browser.get(url("change", chat)))
        return len(captured)

    say(chat, "first", Sender.STAFF, author=colleague)
    queries()
    few = queries()
    for number in range(30):
        say(chat, f"message {number}", Sender.STAFF, author=colleague)
    queries()  # the first look brings the chat's figures up to date
    assert queries() == few
    assert few <= 15


def test_the_list_costs_the_same_however_many_chats_there_are(colleague: User, tenant: TenantModel) -> None:
    browser, path = browser_of(colleague), reverse("admin:chats_chatmodel_changelist")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text_of(browser.get(path))
        return len(captured)

    def add(count: int, start: int) -> None:
        with in_tenant(tenant):
            for number in range(start, start + count):
                create_chat(user_id=f"person-{number}", channel="api")

    add(2, 0)
    queries()
    few = queries()
    add(20, 2)
    assert queries() == few


def test_new_messages_come_as_a_part_of_the_page(colleague: User, chat: ChatModel) -> None:
    say(chat, "one")
    browser = browser_of(colleague)
    assert browser.get(url("messages", chat), {"after": 1}).status_code == 204
    say(chat, "two")
    part = text_of(browser.get(url("messages", chat), {"after": 1}))
    assert "two" in part
    assert "after=2" in part
    assert "one" not in part.replace("zone", "")


@pytest.mark.parametrize("after", ["", "x", "-1", "99999999999999999999", "1;drop"])
def test_a_strange_place_to_begin_is_not_found(colleague: User, chat: ChatModel, after: str) -> None:
    assert browser_of(colleague).get(url("messages", chat), {"after": after}).status_code == 404


def test_an_answer_is_posted_as_staff_and_takes_the_conversation_over(colleague: User, chat: ChatModel) -> None:
    say(chat, "help")
    data = {"content": "I am here.", "client_message_id": "abc"}
    browser = browser_of(colleague)
    for _again in range(2):
        assert browser.post(url("reply", chat), data).status_code == 302
    after = fresh(chat)
    with in_tenant(chat.tenant_id):
        (answer,) = ContentChatModel.objects.filter(sender=Sender.STAFF)
        assert (answer.content, answer.author_id) == ("I am here.", colleague.pk)
    assert after.assigned_to == colleague
    assert after.status == ChatStatus.WAITING


@pytest.mark.parametrize("content", ["", "   ", "x" * 10_001])
def test_a_bad_answer_is_refused_with_a_reason(colleague: User, chat: ChatModel, content: str) -> None:
    response = browser_of(colleague).post(url("reply", chat), {"content": content}, follow=True)
    assert [str(message) for message in response.context["messages"]]
    with in_tenant(chat.tenant_id):
        assert not ContentChatModel.objects.exists()


@pytest.mark.parametrize(
    ("action", "status"),
    [("assign", "waiting"), ("complete", "completed"), ("archive", "archived"), ("release", "active")],
)
def test_a_conversation_is_brought_into_another_state(
    colleague: User, chat: ChatModel, action: str, status: str
) -> None:
    assert browser_of(colleague).post(url("act", chat), {"action": action}).status_code == 302
    assert fresh(chat).status == status


@pytest.mark.parametrize("action", ["delete", "_change", "escalate", ""])
def test_another_action_is_refused(colleague: User, chat: ChatModel, action: str) -> None:
    assert browser_of(colleague).post(url("act", chat), {"action": action}).status_code == 403
    assert fresh(chat).status == ChatStatus.ACTIVE


@pytest.mark.parametrize("action", ["assign_to_me", "complete", "archive"])
def test_several_conversations_are_changed_at_once(colleague: User, chat: ChatModel, action: str) -> None:
    data = {"action": action, "_selected_action": [str(chat.pk)]}
    browser_of(colleague).post(reverse("admin:chats_chatmodel_changelist"), data)
    assert fresh(chat).status == {"assign_to_me": "waiting", "complete": "completed", "archive": "archived"}[action]


def test_a_viewer_reads_and_writes_nothing(viewer: User, chat: ChatModel) -> None:
    say(chat, "hello there")
    browser = browser_of(viewer)
    page = text_of(browser.get(url("change", chat)))
    assert "hello there" in page
    assert "ch-reply" not in page
    assert browser.post(url("reply", chat), {"content": "no"}).status_code == 403
    assert browser.post(url("act", chat), {"action": "archive"}).status_code == 403
    assert fresh(chat).status == ChatStatus.ACTIVE


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["change", "messages", "reply", "act"])
def test_a_neighbours_conversation_is_not_there(
    owner: User, neighbour: TenantModel, their_chat: ChatModel, name: str, method: str
) -> None:
    say(their_chat, "their secret")
    data = {"after": "0", "action": "archive", "content": "intruding"}
    for tenant in (None, neighbour):
        response = getattr(browser_of(owner, tenant), method)(url(name, their_chat), data)
        assert response.status_code in {302, 403, 404}
        assert b"their secret" not in response.content
    assert fresh(their_chat).message_count == 1
    assert fresh(their_chat).status == ChatStatus.ACTIVE


def test_a_neighbours_conversation_is_in_no_list(owner: User, chat: ChatModel, their_chat: ChatModel) -> None:
    with in_tenant(their_chat.tenant_id):
        ChatModel.objects.filter(pk=their_chat.pk).update(title="a neighbour's secret")
    browser = browser_of(owner)
    for path in (reverse("admin:chats_chatmodel_changelist"), reverse("admin:index")):
        assert "secret" not in text_of(browser.get(path))
        assert "secret" not in text_of(browser.get(path, {"q": "neighbour"}))


def test_somebody_who_is_no_staff_gets_to_the_log_in(client: Client, chat: ChatModel, colleague: User) -> None:
    client.force_login(colleague)
    assert reverse("admin:login") in client.get(url("change", chat)).headers["Location"]


def test_the_first_page_shows_who_waits(colleague: User, chat: ChatModel) -> None:
    say(chat, "I want a person")
    with in_tenant(chat.tenant_id):
        ChatModel.objects.filter(pk=chat.pk).update(status=ChatStatus.WAITING)
    assert text_of(browser_of(colleague).get(reverse("admin:index"))).count("I want a person") == 2


def test_somebody_without_a_tenant_sees_an_empty_first_page(db: None) -> None:
    nobody = User.objects.create_user("nobody@charla.example", "a long password", is_staff=True)
    assert "No tenant yet" in text_of(browser_of(nobody).get(reverse("admin:index")))


def test_markdown_of_agents_and_staff_is_formatted_and_peoples_own_is_not(colleague: User, chat: ChatModel) -> None:
    say(chat, "**mine** <b>x</b>")
    say(chat, "**theirs** <b>x</b> [here](https://example.org) [bad](javascript:alert(1))", Sender.AGENT)
    page = text_of(browser_of(colleague).get(url("change", chat)))
    assert "**mine** &lt;b&gt;x&lt;/b&gt;" in page
    assert "<strong>theirs</strong> &lt;b&gt;x&lt;/b&gt;" in page
    assert '<a href="https://example.org" target="_blank" rel="noopener noreferrer nofollow">here</a>' in page
    assert "javascript:" not in page.replace("[bad](javascript:alert(1))", "")


def test_a_file_is_sent_shown_and_fetched(
    colleague: User, viewer: User, outsider: User, chat: ChatModel, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    files = [SimpleUploadedFile("garden.png", picture("PNG")), SimpleUploadedFile("price <list>.pdf", PDF)]
    data = {"content": "", "client_message_id": "a", "file": files}
    assert browser_of(colleague).post(url("reply", chat), data).status_code == 302
    page = text_of(browser_of(viewer).get(url("change", chat)))
    assert "price &lt;list&gt;.pdf" in page
    with in_tenant(chat.tenant_id):
        picture_row, pdf_row = MediaContentModel.objects.order_by("position")
    addresses = [
        reverse("admin:chats_chatmodel_media", args=[chat.pk, pdf_row.pk]),
        reverse("admin:chats_chatmodel_thumbnail", args=[chat.pk, picture_row.pk]),
    ]
    for address in addresses:
        assert address in page
        answer = browser_of(viewer).get(address)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        assert browser_of(outsider).get(address).status_code == 404
    with in_tenant(chat.tenant_id):
        other = create_chat(user_id="person-2", channel="api")
    assert (
        browser_of(viewer).get(reverse("admin:chats_chatmodel_media", args=[other.pk, pdf_row.pk])).status_code == 404
    )


def test_a_file_that_is_not_taken_is_said_so(colleague: User, chat: ChatModel, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    browser = browser_of(colleague)
    browser.post(url("reply", chat), {"content": "", "file": SimpleUploadedFile("a.exe", b"MZ\x90\x00\x00")})
    assert "This kind of file is not taken" in text_of(browser.get(url("change", chat)))
