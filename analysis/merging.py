"""What was found out about conversations goes with them when they are made one."""

from analysis.models import ConversationAnalytics, ConversationSummary, MessageIntent, SentimentChatModel
from chats.models import ChatModel
from chats.services.merging import merge_steps


@merge_steps.register("analysis.findings")
def bring_findings(into: ChatModel, others: list[ChatModel]) -> None:
    """Bring moods and intents along, and the latest rating; figures are computed anew when they are asked for."""
    SentimentChatModel.objects.filter(chat__in=others).update(chat=into)
    MessageIntent.objects.filter(chat__in=others).update(chat=into)
    ConversationSummary.objects.filter(chat__in=others).delete()
    figures = list(ConversationAnalytics.objects.filter(chat__in=[into, *others]).order_by("rated_at"))
    if not figures:
        return
    kept = next((row for row in figures if row.chat_id == into.pk), None) or ConversationAnalytics(
        chat=into, agent=into.agent, began_at=into.created_at
    )
    rated = [row for row in figures if row.user_satisfaction_rating is not None]
    if rated:
        latest = rated[-1]
        kept.user_satisfaction_rating, kept.comment = latest.user_satisfaction_rating, latest.comment
        kept.rated_at = latest.rated_at
    handed_over = [row for row in figures if row.escalated]
    if handed_over and not kept.escalated:
        kept.escalated, kept.escalation_reason = True, handed_over[0].escalation_reason
    kept.through_sequence = 0
    kept.save()
    ConversationAnalytics.objects.filter(chat__in=others).delete()
