"""Makes calls, and gives up those it has no patience for."""

from basics import now, sent, tell
from broker import CALLS, CONTROL, TRANSIENT
from messages import fresh_id, read_body, text, traceparent, write_body


def call(broker, options, _):
    """Makes calls of one type, one after another, which all await their replies in one queue."""
    instance = fresh_id()
    broker.declare_exchanges()
    answers = {}

    def deliver(channel, method, properties, body):
        answers.setdefault(properties.correlation_id, (properties.headers, body))
        channel.basic_ack(method.delivery_tag)

    broker.consume(lambda: broker.declare_replies(instance), 100, deliver)
    for body in options["bodies"]:
        ask(broker, options, body, f"warren.replies.{instance}", answers)


def ask(broker, options, body, reply_to, answers):
    message_id = fresh_id()
    timeout = options.get("timeout", 5000)
    deadline = now() + timeout
    headers = {
        "traceparent": traceparent(),
        "warren-deadline": deadline,
        "warren-timeout": timeout,
        "warren-sent": sent(),
    }
    properties = broker.properties(
        message_id,
        options["type"],
        TRANSIENT,
        headers,
        correlation_id=message_id,
        reply_to=reply_to,
        expiration=str(timeout),
    )
    began = now()
    outcome = broker.publish(CALLS, options["type"], properties, write_body(body))
    if outcome == "unroutable":
        return tell("unserved", ms=now() - began)
    if outcome == "refused":
        return tell("overloaded")
    patience = options.get("patience", timeout)
    while message_id not in answers and now() < began + patience:
        broker.connection.process_data_events(time_limit=0.02)
    if message_id not in answers:
        if now() < deadline:
            cancel(broker, message_id, options["type"], deadline)
        return tell("late", id=message_id)
    headers, body = answers[message_id]
    error = text(headers, "warren-error")
    told = {None: "value", "declared": "declared"}.get(error, "failure")
    tell(told, tag=error, body=read_body(body), trace=text(headers, "traceparent") == properties.headers["traceparent"])


def cancel(broker, call_id, call_type, deadline):
    properties = broker.properties(
        f"{call_id}.cancel",
        call_type,
        TRANSIENT,
        {"warren-deadline": deadline},
        correlation_id=call_id,
        expiration=str(max(0, deadline - now())),
    )
    broker.publish(CONTROL, f"cancel.{call_type}", properties, b"")
