"""Makes the tenants of a throw-away installation: `python -m tests.chaos.tenants RESULT COUNT [SETTINGS]`.

The result is a JSON list of their names, publishable keys and secret keys.
"""

import json
import sys
from pathlib import Path
from typing import Any

import django


def main(result: Path, count: int, settings: dict[str, Any]) -> None:
    """Make the tenants, each with an agent that answers from the demo's knowledge."""
    django.setup()
    result.write_text(json.dumps([_tenant(f"chaos-{number}", settings) for number in range(count)]), encoding="utf-8")


def _tenant(name: str, settings: dict[str, Any]) -> dict[str, str]:
    from agents.lifecycle import make_demo_agents
    from chats.models import Channel
    from tenants.scope import in_tenant
    from tenants.services import setup
    from tenants.services.credentials import make_api_key

    tenant = setup.ensure_tenant(name, admin=None)
    tenant.settings = settings
    tenant.save()
    for _step in setup.init_steps_of(tenant):
        pass
    with in_tenant(tenant):
        make_demo_agents(tenant)
        _row, secret = make_api_key(name="chaos", scopes=["*"], user=None)
        return {"name": name, "key": Channel.objects.get(name="web").publishable_key, "secret": secret}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]) if len(sys.argv) > 3 else {})
