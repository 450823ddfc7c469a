"""Whether the providers of the models in use can be reached: for `health_check --service providers`."""

from typing import Final

import httpx2

from agents.models import AIModel
from agents.models.ai_model import Provider
from agents.providers.addresses import ANTHROPIC, OPENAI
from metrics.probes import ProbeError
from notifications.outgoing import client

OWN: Final = {Provider.OPENAI: OPENAI, Provider.ANTHROPIC: ANTHROPIC}


def addresses() -> list[str]:
    """Return the addresses that active models are asked at; none while all are built in."""
    rows = AIModel.objects.filter(is_active=True).exclude(provider=Provider.BUILTIN)
    asked = {url or OWN.get(Provider(provider), "") for provider, url in rows.values_list("provider", "base_url")}
    return sorted(asked - {""})


def reach_providers(timeout: float) -> None:
    """Ask each provider for anything, without a secret: any answer will do. ProbeError names those without one."""
    wanted = addresses()
    share = timeout / max(1, len(wanted))
    failed = []
    with client(connect=share, read=share, total=share) as outside:
        for address in wanted:
            try:
                outside.get(address)
            except httpx2.TransportError as error:
                failed.append(f"{address}: {type(error).__name__}")
    if failed:
        raise ProbeError("; ".join(failed))
