"""Shells of what is analysed beside the way of a message: ids only, safe to repeat."""

from uuid import UUID

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from analysis.services.analyzing import analyze_message
from analysis.services.bulk import analyze_chat
from analysis.services.jobs import work_off
from chats.models import ChatModel
from metrics.services import MetricsService
from tenants.tasks import TenantTask

logger = structlog.get_logger(__name__)


@shared_task(base=TenantTask, queue="bulk")
def work_off_analysis(ref_id: str) -> None:
    """Do a job whose work row is there to be done."""
    work_off(ref_id)


@shared_task(base=TenantTask, queue="bulk")
def analyze_message_sentiment(message_id: int) -> None:
    """Find the mood of one message that has none yet."""
    analyze_message(int(message_id))


@shared_task(base=TenantTask, queue="bulk")
def analyze_chat_sentiment(chat_id: str) -> None:
    """Find the moods of a conversation's messages that have none yet, then that of the whole."""
    with transaction.atomic():
        chat = ChatModel.objects.filter(chat_id=UUID(chat_id)).first()
    if chat is not None:
        analyze_chat(chat)


def ring(ref_id: str) -> None:
    """Ring for a job; without a broker the sweeper finds its row."""
    try:
        work_off_analysis.delay(ref_id)
    except OperationalError as error:
        logger.warning("ring_failed", ref=ref_id, error=str(error))
        MetricsService().increment_counter("ring_failures")
