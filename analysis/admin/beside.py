"""What stands beside a conversation and its messages: moods and intents to correct, summary and figures to read."""

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from analysis.models import MessageIntent, SentimentChatModel
from analysis.services.figures import figures_of
from analysis.services.summaries import summary_now
from chats.admin.beside import Note, Panel, bubble_notes, chat_panels
from chats.models import ChatModel, ContentChatModel


@bubble_notes.register("analysis.sentiment")
def moods(messages: Sequence[ContentChatModel]) -> Mapping[int, Note]:
    """Return the mood of each message, with the way to correct it."""
    found = SentimentChatModel.objects.filter(message_id__in=[message.pk for message in messages])
    return {
        one.message_id: Note(
            f"{one.get_sentiment_display()} {one.score:+.2f}",
            f"ch-{one.sentiment}",
            reverse("admin:analysis_sentimentchatmodel_change", args=[one.pk]),
        )
        for one in found
    }


@bubble_notes.register("analysis.intent")
def intents(messages: Sequence[ContentChatModel]) -> Mapping[int, Note]:
    """Return the intent of each message that has one, with the way to correct it."""
    rows = MessageIntent.objects.filter(message_id__in=[message.pk for message in messages]).select_related("intent")
    return {
        one.message_id: Note(
            one.intent.name if one.intent else _("no intent"),
            "ch-intent",
            reverse("admin:analysis_messageintent_change", args=[one.pk]),
        )
        for one in rows
    }


@chat_panels.register("analysis.summary")
def summary(chat: ChatModel) -> Panel | None:
    """Return the conversation in short, once something was said."""
    if not chat.last_sequence:
        return None
    found = summary_now(chat)
    encrypted = "summary" if found.is_encrypted else ""
    return Panel(title=_("In short"), text=found.summary, points=found.key_points, encrypted=encrypted)


@chat_panels.register("analysis.figures")
def figures(chat: ChatModel) -> Panel | None:
    """Return the conversation's figures, once something was said."""
    if not chat.last_sequence:
        return None
    found = figures_of(chat)
    facts = [
        (_("Mood"), found.sentiment_score),
        (_("Topic"), found.topic_classification),
        (_("Main intent"), found.main_intent),
        (_("First reply"), seconds(found.first_response_ms)),
        (_("Median reply"), seconds(found.response_time_ms)),
        (_("Rating"), stars(found.user_satisfaction_rating)),
        (_("Comment"), found.comment),
        (_("Handed over because"), found.escalation_reason),
        (_("Resolved by"), "" if chat.is_active else found.get_resolved_by_display()),
    ]
    encrypted = "comment" if found.comment and found.comment_is_encrypted else ""
    shown = [(label, value) for label, value in facts if value not in (None, "")]
    return Panel(title=_("Figures"), facts=shown, encrypted=encrypted)


def seconds(milliseconds: int | None) -> str:
    """Return a time for people."""
    return "" if milliseconds is None else f"{milliseconds / 1000:.1f} s"


def stars(rating: int | None) -> str:
    """Return a rating for people."""
    return "" if rating is None else f"{rating}/5 {'★' * rating}{'☆' * (5 - rating)}"
