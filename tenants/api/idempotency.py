"""The header Idempotency-Key of a POST (api.md): which requests are the same, and what a repeated one is answered."""

import hashlib
import json
import re
from typing import Any, Final

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.callers import Caller
from tenants.scope import current_tenant_id, in_tenant
from tenants.services.idempotency import (
    Answer,
    InProgressError,
    MismatchError,
    Wanted,
    answered_before,
    keep,
    keyed_hash,
)

HEADER: Final = "Idempotency-Key"
KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")
KEPT_HEADERS: Final = ("Content-Type", "Content-Language", "Location")


class StillInProgressError(APIException):
    """409: the first request with this key has not ended."""

    status_code = 409
    default_code = "in_progress"
    wait = 1

    def __init__(self) -> None:
        super().__init__(_("A request with this Idempotency-Key is being worked on. Try again in a second."))


class OtherRequestError(APIException):
    """422: the key stands for something else."""

    status_code = 422
    default_code = "idempotency_mismatch"

    def __init__(self) -> None:
        super().__init__(_("This Idempotency-Key came before with another request. Use a new one."))


class AnsweredBefore(Exception):
    """The request was answered before."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.response = HttpResponse(answer.body, status=answer.status)
        for name, value in answer.headers.items():
            self.response[name] = value
        self.response["Idempotency-Replayed"] = "true"


def has_key(request: Any) -> bool:
    """Tell whether a request is a POST with a key."""
    return request.method == "POST" and HEADER in request.headers


def begin(request: Request, caller: str, *, shortest: int = 1) -> Wanted:
    """Take the request's key for this transaction, in the tenant's scope; raise AnsweredBefore where it has its answer.

    `caller`: who asks; nobody else's key is the same one. Outside a transaction two at the same moment both pass.
    """
    key = request.headers[HEADER]
    if not KEY.fullmatch(key) or len(key) < shortest:
        detail = _("Use %(shortest)s to 255 visible characters of ASCII.") % {"shortest": shortest}
        raise ValidationError({HEADER: [detail]}, code="invalid")
    wanted = Wanted(caller, key, _hash_of(request))
    try:
        with in_tenant(current_tenant_id()):
            answer = answered_before(wanted)
    except InProgressError as error:
        raise StillInProgressError from error
    except MismatchError as error:
        raise OtherRequestError from error
    if answer is not None:
        raise AnsweredBefore(answer)
    return wanted


def end(wanted: Wanted, response: Any) -> None:
    """Keep what was answered, in the transaction of its effect where one is open; errors and streams are not kept."""
    if not 200 <= response.status_code < 300 or response.streaming:
        return
    body, headers = _body_of(response)
    with in_tenant(current_tenant_id()):
        keep(wanted, Answer(response.status_code, body, headers))


def _body_of(response: Any) -> tuple[str, dict[str, str]]:
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    if not isinstance(response, Response) or response.is_rendered:
        return response.content.decode(), headers
    return JSONRenderer().render(response.data).decode(), headers | {"Content-Type": "application/json"}


def name_of(caller: Caller) -> str:
    """Return whose key it is, `kind:id`."""
    own_id = caller.user.pk if caller.user else caller.key_id or caller.contact_id
    return f"{caller.kind}:{own_id}"


def _hash_of(request: Request) -> str:
    """Return the keyed hash of method, address and what was sent: the same JSON in another order is the same."""
    data = request.data
    if isinstance(data, QueryDict):
        data = {name: [_content_of(value) for value in values] for name, values in data.lists()}
    sent = json.dumps(data, sort_keys=True)
    return keyed_hash(f"{request.method} {request.get_full_path()} {sent}")


def _content_of(value: Any) -> Any:
    """Return a field's text, or a file's name, kind and hash."""
    if not hasattr(value, "chunks"):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return {"name": value.name, "kind": value.content_type, "sha256": digest.hexdigest()}
