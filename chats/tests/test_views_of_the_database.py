"""The documented views: right figures, one tenant's alone (decision 24)."""

from chats.models import ChatModel, ModelPerformanceSummary, UserStatistics
from chats.services.messages import post_message
from tenants.models import TenantModel
from tenants.scope import in_tenant


def test_statistics_of_a_person_do_not_multiply_tokens_by_messages(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        for tokens in (3, 4):
            post_message(chat_id=chat.chat_id, content="x", sender="agent", tokens_used=tokens, model_used="builtin")
        found = UserStatistics.objects.get()
    assert (found.username, found.total_conversations, found.total_messages, found.total_tokens) == (
        "person-1",
        1,
        2,
        7,
    )


def test_a_neighbours_people_are_not_in_it(tenant: TenantModel, chat: ChatModel, their_chat: ChatModel) -> None:
    with in_tenant(tenant):
        assert UserStatistics.objects.count() == 1


def test_models_are_summed_up_over_the_tenants_chats(
    tenant: TenantModel, neighbour: TenantModel, chat: ChatModel, their_chat: ChatModel
) -> None:
    from agents.lifecycle import ensure_default_model

    for one, talk, tokens in ((tenant, chat, 10), (neighbour, their_chat, 99)):
        with in_tenant(one):
            ensure_default_model(one)
            post_message(chat_id=talk.chat_id, content="x", sender="agent", tokens_used=tokens, model_used="builtin")
    with in_tenant(tenant):
        found = ModelPerformanceSummary.objects.get(name="builtin")
    assert (found.total_conversations, found.avg_tokens_per_conversation, found.total_tokens_used) == (1, 10.0, 10)
