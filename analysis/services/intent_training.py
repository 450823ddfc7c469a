"""Learning a tenant's intents from examples and corrections, with figures on what was held out."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from analysis.intents import NoExamplesError, Scores, Told, learn_intents, scored
from analysis.models import TrainedKind
from analysis.services.guessing import guess_intent
from analysis.services.jobs import JOBS, Effect, Job
from analysis.services.retraining import INTENTS_JOB
from analysis.services.trained import store, take_out_of_use
from analysis.services.training_data import IntentExamples, intent_examples
from tenants.scope import current_tenant_id
from tenants.services.config import setting

Watch = Callable[[Iterable[int]], Iterator[int]]


class UnknownIntentsError(ValueError):
    """A file to measure on names intents that nothing is learnt of."""


@dataclass(frozen=True)
class Learnt:
    """A classifier's weights, what they were learnt from, and how texts that they had not seen were told."""

    weights: bytes = field(repr=False)
    version: str
    counts: dict[str, int]
    scores: Scores
    before: Scores | None
    """How the classifier in use tells the same texts; None where there is none or it may have seen them."""
    seconds: float

    @property
    def is_better(self) -> bool:
        """Tell whether this is at least as good as what is in use, or than always giving the commonest answer."""
        other = self.scores.commonest if self.before is None else self.before.correct
        return (self.scores.correct or 0) >= (other or 0)

    def figures(self) -> dict[str, Any]:
        """Return the figures as they are stored and printed: shares × 100, None where there is nothing to tell."""
        shares = {
            "right": self.scores.right,
            "right_regardless": self.scores.right_regardless,
            "none_found": self.scores.none_found,
            "correct": self.scores.correct,
            "before": self.before.correct if self.before else None,
            "commonest": self.scores.commonest,
        }
        return {
            **self.counts,
            "held_out": self.scores.texts,
            **{name: None if share is None else round(share * 100, 1) for name, share in shares.items()},
            "weakest": [asdict(weak) for weak in self.scores.weakest],
            "seconds": round(self.seconds, 2),
        }


def learn(
    examples: IntentExamples, *, evaluation: Sequence[tuple[str, str | None]] | None = None, watch: Watch = iter
) -> Learnt:
    """Learn from examples; measure on the given texts with their intents, else on the examples while held out.

    With texts given, what is learnt from is left out of them. The tenant's threshold holds, where it has one. Raises
    NoExamplesError without any example, UnknownIntentsError for texts of an intent without examples.
    """
    least = setting(current_tenant_id(), "intent_threshold")
    began = time.monotonic()
    learnt = learn_intents(examples.by_intent, examples.none_of_them, least=least, watch=watch)
    seconds = time.monotonic() - began
    classifier, told, before = learnt.classifier, learnt.told, None
    if evaluation is not None:
        seen = {text for texts in (*examples.by_intent.values(), examples.none_of_them) for text in texts}
        unseen = [(text, right) for text, right in evaluation if text not in seen]
        if unknown := {right for _text, right in unseen if right is not None} - set(classifier.intents):
            raise UnknownIntentsError(", ".join(sorted(unknown)))
        told = [
            Told(right, classifier.classify(text, least=0).name, classifier.classify(text, least=least).name)
            for text, right in unseen
        ]
        before = _before(unseen)
    weights = classifier.to_bytes()
    return Learnt(weights, classifier.version, counts_of(examples), scored(told), before, seconds)


def _before(texts: Sequence[tuple[str, str | None]]) -> Scores | None:
    told = [(right, guess_intent(text)) for text, right in texts]
    known = [Told(right, guessed.name, guessed.name) for right, guessed in told if guessed is not None]
    return scored(known) if known else None


def counts_of(examples: IntentExamples) -> dict[str, int]:
    """Return how much there is to learn from."""
    return {
        "intents": len(examples.by_intent),
        "examples": sum(map(len, examples.by_intent.values())),
        "none_of_them": len(examples.none_of_them),
    }


def keep(learnt: Learnt) -> None:
    """Store what was learnt for the current tenant and put it in use."""
    store(kind=TrainedKind.INTENTS, weights=learnt.weights, version=learnt.version, figures=learnt.figures())


def relearn(about: str = "") -> Effect:
    """Learn the current tenant's intents, outside any transaction; the effect puts what was learnt in use."""
    try:
        learnt = learn(intent_examples())
    except NoExamplesError:
        return lambda: take_out_of_use(TrainedKind.INTENTS)
    return lambda: keep(learnt)


JOBS.add(INTENTS_JOB, Job(run=relearn))
