"""X-Request-Id: one id from the answer's header through work rows, tasks, rings that were lost, and sockets."""

import json
from unittest.mock import patch

import pytest
import structlog
from asgiref.sync import sync_to_async

from chats.models import ChatModel
from config.routing import websockets
from tenants.models import TenantModel, WorkItem
from tenants.request_ids import RequestIdSockets, current_request_id, in_request
from tenants.scope import OPERATIONS, tenant_scope
from tenants.services import sweeping
from tenants.services.work import WORK_KINDS
from tenants.tasks import REQUEST_HEADER, TENANT_HEADER, run_schedule
from tests.support.cast import Visitor, client_with_key
from tests.support.websocket import WebsocketCommunicator


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["a b", "", "x" * 65, "a\tb", "{}", "é"])
def test_an_id_that_fits_no_log_line_is_replaced(tenant: TenantModel, given: str) -> None:
    answer = client_with_key(tenant).get("/api/v1/chats/", headers={"X-Request-Id": given})
    assert answer["X-Request-Id"] != given
    assert len(answer["X-Request-Id"]) == 32


@pytest.mark.django_db
def test_a_message_leaves_its_request_in_its_work(tenant: TenantModel, chat: ChatModel) -> None:
    path = f"/api/v1/chats/{chat.chat_id}/messages/"
    client_with_key(tenant).post(path, {"content": "hello"}, headers={"X-Request-Id": "trace-9"})
    assert list(WorkItem.objects.filter(kind="turn").values_list("request_id", flat=True)) == ["trace-9"]


@pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
def test_a_ring_that_was_lost_is_made_up_for_under_the_request(
    tenant: TenantModel, chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rung = f"/api/v1/chats/{chat.chat_id}/messages/", []
    client_with_key(tenant).post(path, {"content": "hello"}, headers={"X-Request-Id": "trace-9"})
    kind = WORK_KINDS["turn"]
    noting = type(kind)(ring=lambda ref: rung.append(current_request_id()), run=kind.run, died=kind.died)
    structlog.contextvars.clear_contextvars()
    with WORK_KINDS.lent(turn=noting):
        sweeping.sweep_once(grace_seconds=0, anew=True)
    assert rung == ["trace-9"]
    assert current_request_id() == ""


@pytest.mark.django_db
def test_a_task_runs_under_the_id_of_its_ring(tenant: TenantModel, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(run_schedule, "run", lambda ref_id: seen.append(current_request_id()))
    run_schedule.push_request(**{TENANT_HEADER: str(tenant.pk), REQUEST_HEADER: "trace-9"})
    try:
        run_schedule("slot")
    finally:
        run_schedule.pop_request()
    assert seen == ["trace-9"]


@pytest.mark.django_db
def test_a_ring_carries_the_id_of_who_wanted_it(tenant: TenantModel) -> None:
    with patch("celery.app.task.Task.apply_async") as sent, tenant_scope(tenant), in_request("trace-9"):
        run_schedule.delay("slot")
    assert sent.call_args.kwargs["headers"] == {TENANT_HEADER: str(tenant.pk), REQUEST_HEADER: "trace-9"}


@pytest.mark.django_db(transaction=True)
async def test_a_socket_has_an_id_and_its_messages_have_it_too(visitor: Visitor) -> None:
    application = RequestIdSockets(websockets)
    path = f"/ws/chats/{visitor.chat.chat_id}/"
    socket = WebsocketCommunicator(application, path, ["charla.v1", f"bearer.{visitor.token}"])
    socket.scope["headers"] = [(b"x-request-id", b"trace-socket")]
    await socket.send_input({"type": "websocket.connect"})
    accepted = await socket.receive_output(timeout=5)
    assert dict(accepted["headers"])[b"x-request-id"] == b"trace-socket"
    await socket.receive_from()
    await socket.send_to(text_data=json.dumps({"type": "message.send", "content": "hello"}))
    while json.loads(await socket.receive_from())["type"] != "message.ack":
        pass
    await socket.disconnect()

    def requests_of_work() -> list[str]:
        return list(WorkItem.objects.filter(kind="turn").values_list("request_id", flat=True))

    assert await sync_to_async(requests_of_work)() == ["trace-socket"]
