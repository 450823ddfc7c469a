"""What the demo shows of the analysis."""

import pytest

from analysis.lifecycle import analyze_demo_chats, make_demo_intents
from analysis.models import ConversationAnalytics, ConversationSummary, Intent, SentimentChatModel
from chats.lifecycle import make_demo_chats
from chats.models import ChatModel, ContentChatModel, Sender
from tenants.models import TenantModel
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db


def test_the_demo_has_moods_figures_summaries_and_ratings_once(tenant: TenantModel) -> None:
    for _time in range(2):
        with in_tenant(tenant):
            make_demo_chats(tenant)
            make_demo_intents(tenant)
            analyze_demo_chats(tenant)
    with in_tenant(tenant):
        assert SentimentChatModel.objects.count() == ContentChatModel.objects.filter(sender=Sender.USER).count()
        assert ConversationAnalytics.objects.count() == ChatModel.objects.count()
        completed = ChatModel.objects.filter(status="completed").count()
        assert ConversationSummary.objects.count() == completed > 0
        assert ConversationAnalytics.objects.filter(user_satisfaction_rating__isnull=False).count() == completed
        assert ConversationAnalytics.objects.filter(escalated=True).exists()
        assert Intent.objects.count() == 5
