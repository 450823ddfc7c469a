"""Lanes of a worker: queues that may have only a part of its threads, however much waits in them.

Celery counts what a worker has in hand by channel. A queue with a channel of its own cannot take more at once than that
channel may hold, so what waits in the others always finds a thread.
"""

from typing import Any, Final

from celery import bootsteps
from celery.worker.consumer.tasks import Tasks
from kombu.common import ignore_errors

# Of the threads, at least one. Together not all of them: the rest is there for messages and replies alone. Quick work
# needs the processor and not threads: more of it at once would only slow everybody else's.
LANES: Final = {
    "bulk": 1 / 6,
    "bulk.crowded": 1 / 12,
    "messages.crowded": 1 / 12,
    "replies.crowded": 1 / 4,
}


class Lanes(bootsteps.StartStopStep):
    """Takes the lanes' queues from the consumer of all queues and consumes each on a channel of its own.

    A worker that was started for such queues alone consumes them as it would any other.
    """

    requires = (Tasks,)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        queues = consumer.app.amqp.queues
        own = [name for name in queues.consume_from if name in LANES]
        self.names = own if len(own) < len(queues.consume_from) else []
        queues.deselect(self.names)
        self.consumers: list[Any] = []

    def start(self, consumer: Any) -> None:
        """Begin to consume."""
        from tenants.services.crowding import share_threads  # Django's apps are loaded by now, not before

        threads = consumer.pool.num_processes
        share_threads(threads)
        self.consumers = []  # those of a connection that was lost went with it
        on_message = consumer.create_task_handler()
        for name in self.names:
            channel = consumer.connection.channel()
            channel.basic_qos(0, max(1, int(threads * LANES[name])), False)  # noqa: FBT003 - AMQP's third parameter
            queue = consumer.app.amqp.queues[name]
            lane = consumer.app.amqp.TaskConsumer(channel, queues=[queue], on_decode_error=consumer.on_decode_error)
            lane.on_message = on_message
            lane.consume()
            self.consumers.append(lane)

    def stop(self, consumer: Any) -> None:
        """Take nothing more; what is in hand can still be acknowledged."""
        for lane in self.consumers:
            ignore_errors(consumer.connection, lane.cancel)

    def shutdown(self, consumer: Any) -> None:
        """Close the channels."""
        self.stop(consumer)
        for lane in self.consumers:
            ignore_errors(consumer.connection, lane.channel.close)
        self.consumers = []
