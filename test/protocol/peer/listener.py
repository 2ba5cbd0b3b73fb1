"""Emits events, and listens to them: handles, tries again through the delay queues, and buries."""

import pika

from basics import now, tell
from broker import PERSISTENT, TIERS
from messages import Unreadable, attempt_of, derived_id, read_body, text, traceparent, without_deaths


def emit(broker, options, _):
    broker.declare_exchanges()
    message_id, outcome = broker.emit(options["type"], options["body"])
    tell("emitted", id=message_id, outcome=outcome)


def listen(broker, options, stopped):
    """Fails as often as the event's `fails` says; whatever it handles, it tells in an event of its own."""
    broker.declare_exchanges()
    handler, attempts = options["handler"], options["attempts"]
    name = f"warren.on.{broker.app}.{handler}"
    label = f"{broker.app}.{handler}"

    def copy(properties, attempt, headers):
        kept = {**vars(properties), "delivery_mode": PERSISTENT, "expiration": None, "user_id": None}
        kept["headers"] = {**without_deaths(properties.headers), "warren-attempt": attempt, **headers}
        return pika.BasicProperties(**kept)

    def replace(channel, method, outcome):
        if outcome == "routed":
            channel.basic_ack(method.delivery_tag)
        else:
            channel.basic_nack(method.delivery_tag, requeue=True)

    def bury(channel, method, properties, body, attempt, reason, error):
        story = {
            "warren-dead-reason": reason,
            "warren-dead-error": str(error)[:4096],
            "warren-dead-handler": label,
            "warren-dead-at": now(),
        }
        tell("dead", attempt=attempt)
        dead = copy(properties, attempt, story)
        replace(channel, method, broker.publish("", f"warren.dead.{broker.app}", dead, body))

    def deliver(channel, method, properties, body):
        attempt = attempt_of(properties.headers)
        try:
            payload = read_body(body)
            n, fails = payload["n"], payload["fails"]
        except (Unreadable, TypeError, KeyError) as error:
            return bury(channel, method, properties, body, attempt, "undecodable", repr(error))
        if attempt > fails:
            headers = {"traceparent": traceparent(text(properties.headers, "traceparent"))}
            headers["warren-cause"] = properties.message_id
            follow = derived_id(properties.message_id, label, 0)
            broker.emit(options["follow"], {"n": n}, follow, headers)
            tell("handled", n=n, attempt=attempt, id=properties.message_id)
            return channel.basic_ack(method.delivery_tag)
        if attempt >= attempts:
            return bury(channel, method, properties, body, attempt, "failed", "it was told to fail")
        retry = copy(properties, attempt + 1, {})
        replace(channel, method, broker.publish(f"warren.retry.{TIERS[0][0]}", name, retry, body))

    broker.consume(lambda: broker.declare_listener(handler, options["type"]), 16, deliver)
    tell("ready")
    broker.run(stopped)
