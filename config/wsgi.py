"""HTTP on WSGI workers: the REST API and the administration in production."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

import config.urls  # noqa: E402, F401  (now, not in the first request)
from config.access_checks import refuse_undeclared_doors  # noqa: E402
from tenants.services.roles import refuse_unbound_role  # noqa: E402 - after Django's apps are loaded
from tenants.services.schema_state import refuse_other_schema  # noqa: E402

refuse_unbound_role()
refuse_other_schema()
refuse_undeclared_doors()
