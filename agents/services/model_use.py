"""How a tenant uses a model of the installation: where it is, with which key, or why it cannot be used."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from agents.errors import NoModelError, Reason
from agents.models import AgentModel, AIModel, Provider
from agents.providers import ModelUse
from agents.services.credentials import find_secret
from tenants.encryption import SealError
from tenants.scope import current_tenant_id
from tenants.services.config import setting

NEEDS_A_KEY = (Provider.OPENAI, Provider.ANTHROPIC)


def default_model() -> AIModel:
    """Return the model of an agent that names none (decision 22)."""
    name = setting(current_tenant_id(), "default_model")
    model = AIModel.objects.filter(name=name, is_active=True).first()
    if model is None:
        raise NoModelError(f"The default model “{name}” does not exist or is switched off.")
    return model


def use_of(model: AIModel, *, temperature: float | None = None, max_tokens: int | None = None) -> ModelUse:
    """Return what a provider needs to run a model for the current tenant; needs its scope and a transaction.

    `problem` says why the model cannot be asked at all; the use is then for no provider.
    """
    secret, problem = _secret(model)
    return ModelUse(
        name=model.name,
        remote_name=model.remote_name or model.name,
        base_url=model.base_url.rstrip("/"),
        secret=secret,
        temperature=model.temperature if temperature is None else temperature,
        max_tokens=max_tokens or model.max_tokens,
        context_window=model.context_window,
        problem=problem,
    )


def problems_of(agent: AgentModel) -> list[str]:
    """Return, in words for staff, what keeps an agent's models from answering; empty when nothing is known."""
    models: Iterable[AIModel | None] = (agent.ai_model, agent.fallback_model)
    return [said for model in models if model and (said := _in_words(model, _secret(model)[1]))]


def _secret(model: AIModel) -> tuple[str, Reason | None]:
    if not model.is_active:
        return "", "switched_off"
    if model.provider == Provider.BUILTIN:
        return "", None
    try:
        secret = find_secret(model.provider, model.base_url)
    except SealError:
        return "", "sealed"
    return secret, "no_key" if not secret and model.provider in NEEDS_A_KEY else None


def _in_words(model: AIModel, problem: Reason | None) -> str:
    if problem == "switched_off":
        return _("The model “%(model)s” is switched off.") % {"model": model.name}
    values = {"model": model.name, "provider": model.get_provider_display(), "address": model.base_url or "–"}
    if problem == "no_key":
        return _("The model “%(model)s” needs a key: add one for %(provider)s (address: %(address)s).") % values
    if problem == "sealed":
        return _("The key of the model “%(model)s” cannot be opened: enter it again.") % values
    return ""
