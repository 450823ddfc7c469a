"""Makes the tenants of a throw-away installation: `python -m tests.chaos.tenants RESULT COUNT SETTINGS MODEL_URL`.

The result is a JSON list of their names, publishable keys and secret keys.
"""

import json
import sys
from pathlib import Path
from typing import Any

import django


def main(result: Path, count: int, settings: dict[str, Any], model_url: str) -> None:
    """Make the tenants, each with an agent that answers from the demo's knowledge, or by the model at an address."""
    django.setup()
    made = [_tenant(f"chaos-{number}", settings) for number in range(count)]
    if model_url:
        for tenant in made:
            _ask_model(tenant["name"], model_url)
    result.write_text(json.dumps(made), encoding="utf-8")


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


def _ask_model(tenant_name: str, url: str) -> None:
    from agents.models import AgentModel, AIModel, Provider
    from tenants.models import TenantModel
    from tenants.scope import in_tenant

    fields = {"provider": Provider.OPENAI_COMPATIBLE, "base_url": url}
    model, _is_new = AIModel.objects.get_or_create(name="chaos-model", defaults=fields)
    with in_tenant(TenantModel.objects.get(name=tenant_name)):
        AgentModel.objects.update(ai_model=model)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4])
