"""One connection to RabbitMQ: declares what the protocol names, publishes with confirms, and consumes for good."""

import pika
import pika.exceptions

from basics import now
from messages import fresh_id, traceparent, write_body

EVENTS, CALLS, CONTROL = "warren.events", "warren.calls", "warren.control"
TIERS = [("1s", 1000), ("5s", 5000), ("30s", 30000), ("2m", 120000), ("10m", 600000), ("1h", 3600000)]
PERSISTENT, TRANSIENT = 2, 1


def quorum(**arguments):
    return {"x-queue-type": "quorum", **{name.replace("_", "-"): value for name, value in arguments.items()}}


class Broker:
    """One connection: declares, publishes and consumes."""

    def __init__(self, url, app):
        self.app = app
        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.publishing = self.connection.channel()
        self.publishing.confirm_delivery()

    def declare_exchanges(self):
        self.publishing.exchange_declare(EVENTS, "topic", durable=True)
        self.publishing.exchange_declare(CALLS, "direct", durable=True)
        self.publishing.exchange_declare(CONTROL, "topic", durable=True)

    def declare_listener(self, handler, event):
        channel = self.publishing
        for tier, ttl in TIERS:
            name = f"warren.retry.{tier}"
            channel.exchange_declare(name, "fanout", durable=True)
            arguments = {
                **quorum(x_message_ttl=ttl, x_dead_letter_exchange="", x_dead_letter_strategy="at-least-once"),
                "x-overflow": "reject-publish",
            }
            channel.queue_declare(name, durable=True, arguments=arguments)
            channel.queue_bind(name, name, "")
        dead = f"warren.dead.{self.app}"
        channel.queue_declare(dead, durable=True, arguments=quorum(x_delivery_limit=1000000000))
        name = f"warren.on.{self.app}.{handler}"
        arguments = quorum(
            x_dead_letter_exchange="",
            x_dead_letter_routing_key=dead,
            x_dead_letter_strategy="at-least-once",
            x_delivery_limit=20,
            x_overflow="reject-publish",
        )
        channel.queue_declare(name, durable=True, arguments=arguments)
        channel.queue_bind(name, EVENTS, event)
        return name

    def declare_call(self, call):
        name = f"warren.calls.{call}"
        arguments = {"x-queue-type": "classic", "x-max-length": 10000, "x-overflow": "reject-publish"}
        self.publishing.queue_declare(name, durable=True, auto_delete=True, arguments=arguments)
        self.publishing.queue_bind(name, CALLS, call)
        return name

    def declare_replies(self, instance):
        name = f"warren.replies.{instance}"
        self.publishing.queue_declare(name, durable=True, arguments={"x-queue-type": "classic", "x-expires": 60000})
        return name

    def declare_control(self, instance, keys):
        name = f"warren.control.{instance}"
        self.publishing.queue_declare(name, exclusive=True, auto_delete=True, arguments={"x-queue-type": "classic"})
        for key in keys:
            self.publishing.queue_bind(name, CONTROL, key)
        return name

    def publish(self, exchange, key, properties, body):
        """What became of it: `routed`, `unroutable` or `refused`."""
        try:
            self.publishing.basic_publish(exchange, key, body, properties, mandatory=True)
            return "routed"
        except pika.exceptions.UnroutableError:
            return "unroutable"
        except pika.exceptions.NackError:
            return "refused"

    def properties(self, message_id, message_type, mode, headers, **more):
        at = now()
        return pika.BasicProperties(
            message_id=message_id,
            type=message_type,
            app_id=self.app,
            timestamp=at // 1000,
            content_type="application/json",
            delivery_mode=mode,
            headers={**headers, "warren-timestamp": at},
            **more,
        )

    def consume(self, declare, prefetch, deliver):
        """Consumes for good: a consumer that the broker ends is begun anew."""
        channel = self.connection.channel()
        channel.basic_qos(prefetch_count=prefetch)

        def begin():
            channel.basic_consume(declare(), deliver)

        # not from inside the callback that tells of it
        channel.add_on_cancel_callback(lambda _: self.connection.call_later(0, begin))
        begin()

    def run(self, stopped):
        while not stopped.is_set():
            self.connection.process_data_events(time_limit=0.05)

    def emit(self, event, body, message_id=None, headers=None):
        message_id = message_id or fresh_id()
        properties = self.properties(
            message_id, event, PERSISTENT, headers or {"traceparent": traceparent(), "warren-version": "1"}
        )
        return message_id, self.publish(EVENTS, event, properties, write_body(body))
