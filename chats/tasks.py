"""Shells of the pipeline: ids only, safe to repeat; the work row says whether there is anything to do."""

from celery import shared_task

from agents.services.agent_service import AgentService
from chats.services import erasing
from chats.services.pipeline import process_message
from chats.services.retrying import retry
from chats.services.turns import answer_turn
from tenants.tasks import TenantTask


@shared_task(base=TenantTask, queue="messages")
def process_new_message(message_id: int) -> None:
    """Run the quick stages of a new message, then give the reply that is due, or ring where that takes long."""
    agent_id = process_message(int(message_id))
    if agent_id is None:
        return
    if AgentService.is_quick(agent_id):
        _reply(int(message_id))
    else:
        generate_auto_response.delay(message_id)


@shared_task(base=TenantTask, queue="replies")
def generate_auto_response(message_id: int) -> None:
    """Write the agent's reply to the turn that this message is in."""
    _reply(int(message_id))


def _reply(message_id: int) -> None:
    upcoming = answer_turn(message_id)
    if upcoming is not None:
        process_new_message.delay(upcoming)


@shared_task(base=TenantTask, queue="messages")
def retry_signal_processing(ref_id: str) -> None:
    """Do what a receiver or a processor could not do, once more."""
    retry(ref_id)


@shared_task(base=TenantTask, queue="bulk")
def erase_person(ref_id: str) -> None:
    """Erase a person's data; an erasure that is done ends quietly."""
    erasing.erase(ref_id)
