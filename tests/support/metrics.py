"""Reading metrics in tests as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families

from metrics.services.scraping import exposition, forget_figures


def value_of(series: str, **labels: str) -> float:
    """Return the value of a series at this moment; 0 for one that there is not."""
    forget_figures()
    for family in text_string_to_metric_families(exposition().decode()):
        for sample in family.samples:
            if sample.name == f"charla_{series}" and sample.labels == labels:
                return sample.value
    return 0.0


class Counted:
    """What a series gained since this object was made."""

    def __init__(self, series: str, **labels: str) -> None:
        self.series, self.labels = series, labels
        self.before = value_of(series, **labels)

    def gain(self) -> float:
        """Return by how much it is higher now."""
        return value_of(self.series, **self.labels) - self.before
