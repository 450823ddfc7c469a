"""HTTP and WebSocket on one ASGI server."""

import os
from concurrent.futures import ThreadPoolExecutor

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_wsgi_application()  # Django's apps load here, before anything below is imported

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

import config.urls  # noqa: E402, F401  (now, not in the first request)
from audit.sockets import WatchedSockets  # noqa: E402
from chats.realtime.heartbeat import tell_that_a_process_began  # noqa: E402
from config.access_checks import refuse_undeclared_doors  # noqa: E402
from config.http_threads import HTTPThreads  # noqa: E402
from config.routing import websockets  # noqa: E402
from tenants.request_ids import RequestIdSockets  # noqa: E402
from tenants.services.roles import refuse_unbound_role  # noqa: E402
from tenants.services.schema_state import refuse_other_schema  # noqa: E402

# In a thread of their own: of several workers each loads this inside its event loop, where no query may run.
with ThreadPoolExecutor(1) as aside:
    checks = (refuse_unbound_role, refuse_other_schema, refuse_undeclared_doors, tell_that_a_process_began)
    for step in (*checks, connections.close_all):
        aside.submit(step).result()
application = ProtocolTypeRouter(
    {"http": HTTPThreads(http, settings.HTTP_THREADS), "websocket": RequestIdSockets(WatchedSockets(websockets))}
)
