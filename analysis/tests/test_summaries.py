"""What a conversation was about, in a few of its own sentences."""

import pytest

from agents.errors import NoModelError, ProviderError
from agents.services.completion import Completion
from analysis.models import ConversationAnalytics, ConversationSummary
from analysis.services import ConversationSummaryService
from analysis.services.jobs import work_off
from analysis.services.summaries import parsed
from analysis.summaries import Line, extract
from analysis.tests.messages import ask
from chats.models import ChatModel, Sender
from chats.services import lifecycle
from chats.services.errors import ChatNotFoundError
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.work import MAX_ATTEMPTS

pytestmark = pytest.mark.django_db(transaction=True)

CONVERSATION = (
    (Sender.USER, "Hello!"),
    (Sender.USER, "My parcel 4711 has not arrived. When does the parcel come?"),
    (Sender.AGENT, "I am sorry to hear that. The weather is fine today."),
    (Sender.AGENT, "Your parcel 4711 left our warehouse on Monday and arrives on Thursday."),
    (Sender.USER, "Thanks"),
)


def talk(tenant: TenantModel, chat: ChatModel) -> None:
    """Let the conversation be held."""
    for sender, content in CONVERSATION:
        ask(tenant, chat, content, sender=sender)


def rows(tenant: TenantModel) -> list[WorkItem]:
    """Return the work rows of the analysis."""
    return list(WorkItem.objects.filter(kind="analysis", tenant_id=tenant.pk).order_by("id"))


def test_an_extract_has_the_wish_and_the_answer_and_no_courtesies() -> None:
    found = extract([Line(text, sender == Sender.USER) for sender, text in CONVERSATION])
    said = [line.text for line in found.sentences]
    assert said[0] == "My parcel 4711 has not arrived."
    assert said[-1] == "Your parcel 4711 left our warehouse on Monday and arrives on Thursday."
    assert not {"Hello!", "Thanks"} & {*said, *found.points}


def test_an_extract_does_not_say_the_same_twice() -> None:
    lines = [Line("The invoice of March is wrong.", True)] * 5 + [Line("The invoice was corrected yesterday.", False)]
    assert [line.text for line in extract(lines).sentences] == [lines[0].text, lines[-1].text]


def test_a_summary_shows_what_was_said_without_marks_of_formatting(tenant: TenantModel, chat: ChatModel) -> None:
    ask(tenant, chat, "My parcel 4711 is **still** missing, where is the parcel?")
    ask(tenant, chat, "Your parcel **4711** is at the [warehouse](https://example.org/w).", sender=Sender.AGENT)
    with tenant_scope(tenant):
        made = ConversationSummaryService().generate_summary(chat.chat_id)
    assert "Your parcel 4711 is at the warehouse." in made.summary
    assert "**still**" in made.summary, "what people write is shown letter by letter"
    assert parsed("**Short.**\n- _one_") == ("Short.", ("one",))


def test_a_summary_speaks_the_conversations_language(tenant: TenantModel, chat: ChatModel) -> None:
    ask(tenant, chat, "Mi pedido llegó roto y quiero cambiar el pedido por otro.")
    with tenant_scope(tenant):
        made = ConversationSummaryService().generate_summary(chat.chat_id)
    assert made.summary == "La persona: «Mi pedido llegó roto y quiero cambiar el pedido por otro.»"
    assert (made.language, made.model_used) == ("es", "extractive")


def test_a_summary_is_written_once_for_each_last_message(tenant: TenantModel, chat: ChatModel) -> None:
    talk(tenant, chat)
    with tenant_scope(tenant):
        first = ConversationSummaryService().generate_summary(chat.pk)
        again = ConversationSummaryService().generate_summary(str(chat.chat_id))
        assert (again.pk, again.updated_at) == (first.pk, first.updated_at)
        ask(tenant, chat, "One more thing: can I change the delivery address of my parcel?")
        later = ConversationSummaryService().generate_summary(chat.chat_id)
    assert (later.pk, later.through_sequence) == (first.pk, len(CONVERSATION) + 1)
    assert "delivery address" in later.summary


def test_nothing_but_courtesies_is_said_so(tenant: TenantModel, chat: ChatModel) -> None:
    ask(tenant, chat, "Hello!")
    with tenant_scope(tenant):
        made = ConversationSummaryService().generate_summary(chat.chat_id)
    assert (made.summary, made.key_points) == ("Nothing but courtesies or files was exchanged.", [])


def test_a_neighbours_chat_has_no_summary_here(tenant: TenantModel, their_chat: ChatModel) -> None:
    for key in (their_chat.chat_id, their_chat.pk):
        with tenant_scope(tenant), pytest.raises(ChatNotFoundError):
            ConversationSummaryService().generate_summary(key)


def test_completing_a_chat_has_its_summary_and_figures_written_once(tenant: TenantModel, chat: ChatModel) -> None:
    talk(tenant, chat)
    with tenant_scope(tenant):
        for _time in range(2):
            lifecycle.complete(chat_id=chat.chat_id)
            lifecycle.reopen(chat_id=chat.chat_id)
        lifecycle.complete(chat_id=chat.chat_id)
    (row,) = rows(tenant)
    with tenant_scope(tenant):
        for _time in range(2):
            work_off(row.ref_id)
    with in_tenant(tenant):
        assert "parcel 4711" in ConversationSummary.objects.get().summary
        figures = ConversationAnalytics.objects.get()
        assert (figures.resolved_by, figures.through_sequence) == ("agent", len(CONVERSATION))
    assert [item.state for item in rows(tenant)] == ["done"]


def test_a_completion_that_is_rolled_back_leaves_nothing_to_do(tenant: TenantModel, chat: ChatModel) -> None:
    talk(tenant, chat)
    with pytest.raises(ZeroDivisionError), in_tenant(tenant):
        lifecycle.complete(chat_id=chat.chat_id)
        _impossible = 1 / 0
    assert rows(tenant) == []


def answering(monkeypatch: pytest.MonkeyPatch, answer: Completion | Exception) -> list[str]:
    """Let the tenant's model answer this; return what it was given to read."""
    given: list[str] = []

    def complete(*, instructions: str, text: str) -> Completion:
        given.append(text)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("analysis.services.summaries.complete", complete)
    return given


def test_a_model_writes_the_summary_where_there_is_one(
    tenant: TenantModel, chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(tenant, chat)
    text = "The person asked for parcel 4711.\n\n- arrives on Thursday\n2. left on Monday\n"
    given = answering(monkeypatch, Completion(text, 321, "gpt-test"))
    with tenant_scope(tenant):
        made = ConversationSummaryService().generate_summary(chat.chat_id)
        ConversationSummaryService().generate_summary(chat.chat_id)
    assert made.summary == "The person asked for parcel 4711."
    assert made.key_points == ["arrives on Thursday", "left on Monday"]
    assert (made.model_used, made.tokens_used, len(given)) == ("gpt-test", 321, 1)
    assert given[0].startswith("PERSON: Hello!\nPERSON: My parcel 4711")


@pytest.mark.parametrize(
    "failure",
    [ProviderError("busy", reason="rate_limited"), ProviderError("no key", is_permanent=True), NoModelError(), None],
)
def test_without_an_answer_of_the_model_the_summary_is_extracted(
    tenant: TenantModel, chat: ChatModel, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    talk(tenant, chat)
    answering(monkeypatch, failure or Completion(" \n", 5, "gpt-test"))
    with tenant_scope(tenant):
        made = ConversationSummaryService().generate_summary(chat.chat_id)
    assert made.model_used == "extractive"
    assert "parcel 4711" in made.summary


def test_a_failure_that_may_pass_is_tried_again_and_made_up_for_in_the_end(
    tenant: TenantModel, chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(tenant, chat)
    given = answering(monkeypatch, ProviderError("busy", reason="unavailable"))
    with tenant_scope(tenant):
        lifecycle.complete(chat_id=chat.chat_id)
    (row,) = rows(tenant)
    for _attempt in range(MAX_ATTEMPTS):
        WorkItem.objects.filter(pk=row.pk).update(run_after="2000-01-01T00:00Z")
        with tenant_scope(tenant):
            work_off(row.ref_id)
    assert (len(given), rows(tenant)[0].state) == (MAX_ATTEMPTS, "dead")
    with in_tenant(tenant):
        assert "parcel 4711" in ConversationSummary.objects.get().summary
        assert ConversationAnalytics.objects.get().resolved_by == "agent"
