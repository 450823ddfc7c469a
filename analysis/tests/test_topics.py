"""What a conversation is about, in a few words."""

from collections.abc import Sequence

import pytest

from analysis.models import ConversationAnalytics
from analysis.services.figures import figures_of
from analysis.summaries import topics
from analysis.tests.messages import ask
from chats.models import ChatModel
from tenants.models import TenantModel
from tenants.scope import in_tenant


@pytest.mark.parametrize(
    ("texts", "replies", "about"),
    [
        (["¿Cada cuánto riego la monstera?", "Las hojas de la monstera se ponen amarillas"], [], "monstera"),
        (["My parcel has not arrived yet!", "where is my parcel"], [], "parcel"),
        (["I paid by credit card, where is my refund?"], ["Refunds go to your credit card."], "credit card"),
        (["¿Dónde está mi envío?", "los ENVÍOS tardan mucho"], [], "envío"),
    ],
)
def test_what_comes_back_is_the_topic_as_it_was_written(
    texts: Sequence[str], replies: Sequence[str], about: str
) -> None:
    assert topics(texts, replies)[0] == about


def test_what_the_replies_take_up_weighs_more_than_what_is_said_aside() -> None:
    said = ["yesterday my neighbour told that the invoice looked wrong"]
    assert topics(said, ["Here is your invoice."])[0] == "invoice"


@pytest.mark.parametrize("texts", [[], [""], ["hi", "thanks!"], ["¿y qué?"], ["12345 !!"]])
def test_nothing_is_the_topic_of_courtesies(texts: Sequence[str]) -> None:
    assert topics(texts) == []


def test_no_word_is_in_two_topics_and_three_are_enough() -> None:
    found = topics(["red wine, white wine, rose wine, cheese boards, olive oil, fresh bread"])
    words = [word for topic in found for word in topic.split()]
    assert len(found) == 3
    assert len(words) == len(set(words))


@pytest.mark.django_db(transaction=True)
def test_the_figures_of_a_conversation_tell_its_topic(tenant: TenantModel, chat: ChatModel) -> None:
    ask(tenant, chat, "Where is my parcel? The parcel left on Monday")
    with in_tenant(tenant):
        figures: ConversationAnalytics = figures_of(ChatModel.objects.get(pk=chat.pk))
    assert figures.topic_classification.startswith("parcel")
