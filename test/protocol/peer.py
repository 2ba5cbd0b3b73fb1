"""A program that is not written with Warren and talks to one that is, over RabbitMQ, by docs/protocol.md alone.

Needs Python 3 and pika, nothing else. `peer.py <url> <role> <options as JSON>` plays one role: it emits an event, makes a
call, serves calls, or listens. It prints what happens, one JSON object a line; SIGTERM ends it in order.
"""

import datetime
import hashlib
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
import uuid

import pika
import pika.exceptions

EVENTS, CALLS, CONTROL = "warren.events", "warren.calls", "warren.control"
TIERS = [("1s", 1000), ("5s", 5000), ("30s", 30000), ("2m", 120000), ("10m", 600000), ("1h", 3600000)]
MAX_DEPTH = 100
PERSISTENT, TRANSIENT = 2, 1


def now():
    return int(time.time() * 1000)


def sent():
    """When, in ms on a clock that nobody sets."""
    return int(time.monotonic() * 1000)


def tell(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


# ids


def uuid7(time_ms, twelve_bits, eight_bytes):
    head = time_ms << 80 | 7 << 76 | (twelve_bits & 0xFFF) << 64
    return str(uuid.UUID(int=head | 0b10 << 62 | int.from_bytes(eight_bytes, "big") & (1 << 62) - 1))


def fresh_id():
    return uuid7(now(), int.from_bytes(os.urandom(2), "big"), os.urandom(8))


def derived_id(cause, handler, ordinal):
    digest = hashlib.sha256(f"{cause}\n{handler}\n{ordinal}".encode()).digest()
    try:
        at = int(cause[:8] + cause[9:13], 16)
    except ValueError:
        at = 0
    return uuid7(at, int.from_bytes(digest[:2], "big"), digest[2:10])


# bodies


class Unreadable(Exception):
    """A body that is not to be read."""


def read_body(body):
    if body == b"":
        return None
    depth = 0
    in_text = escaped = False
    for byte in body:
        if in_text:
            if escaped:
                escaped = False
            elif byte == ord("\\"):
                escaped = True
            elif byte == ord('"'):
                in_text = False
        elif byte == ord('"'):
            in_text = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(f"it is nested deeper than {MAX_DEPTH} levels")
        elif byte in b"]}":
            depth -= 1
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=without_proto)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def without_proto(pairs):
    if any(key == "__proto__" for key, _ in pairs):
        raise Unreadable('it has a key named "__proto__"')
    return dict(pairs)


def write_body(value):
    return json.dumps(value, separators=(",", ":")).encode()


# headers


def text(headers, name):
    value = (headers or {}).get(name)
    return value if isinstance(value, str) else None


def number(headers, name):
    value = (headers or {}).get(name)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def attempt_of(headers):
    return max(1, int(number(headers, "warren-attempt") or 1))


def without_deaths(headers):
    ours = ("x-death-", "x-first-death-", "x-last-death-")
    return {
        name: value
        for name, value in (headers or {}).items()
        if name not in ("x-death", "x-delivery-count") and not name.startswith(ours)
    }


def traceparent(parent=None):
    trace = parent.split("-")[1] if parent else os.urandom(16).hex()
    return f"00-{trace}-{os.urandom(8).hex()}-01"


# what is declared


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
        channel.queue_declare(dead, durable=True, arguments=quorum())
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


# roles


def emit(broker, options, _):
    broker.declare_exchanges()
    message_id, outcome = broker.emit(options["type"], options["body"])
    tell("emitted", id=message_id, outcome=outcome)


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


class Declared(Exception):
    """An error that the call declares: its body."""

    def __init__(self, body):
        super().__init__(body["_tag"])
        self.body = body


class Misfit(Exception):
    """A payload that does not fit."""

    def __init__(self, field, value, expected):
        super().__init__(field)
        facts = {"field": field, "value": json.dumps(value)[:200], "expected": expected}
        self.facts = {**facts, "misfits": [facts]}


class Cancelled(Exception):
    """Nobody waits for it any longer."""


def price(payload, _):
    sku, quantity = payload.get("sku"), payload.get("quantity")
    if not isinstance(sku, str):
        raise Misfit("sku", sku, "string")
    if not isinstance(quantity, int):
        raise Misfit("quantity", quantity, "an integer")
    if sku == "P-0":
        raise Declared({"_tag": "UnknownPart", "sku": sku})
    if sku == "P-1":
        raise RuntimeError("the price list is gone")
    until = datetime.datetime(2026, 12, 31, tzinfo=datetime.timezone.utc)
    # a BigInt and a Date
    return {"sku": sku, "total": str(9007199254740993 * quantity), "until": until.strftime("%Y-%m-%dT%H:%M:%S.000Z")}


def slow(payload, job):
    if job.stopped.wait(min(payload["ms"], job.deadline - now()) / 1000):
        raise Cancelled()
    if now() >= job.deadline:
        raise Cancelled()
    return "slept"


MEMBERS = {"price": price, "slow": slow}


class Job:
    """A call in hand."""

    def __init__(self, channel, method, properties, body):
        self.channel, self.method, self.properties, self.body = channel, method, properties, body
        self.arrived = now()
        self.deadline = 0
        self.stopped = threading.Event()


def deadline_of(job):
    headers = job.properties.headers
    granted = number(headers, "warren-timeout")
    if granted is None and (job.properties.expiration or "").isdigit():
        granted = int(job.properties.expiration)
    granted = min(5000 if granted is None else granted, 86400000)
    wanted = number(headers, "warren-deadline")
    if wanted is None or wanted - granted > job.arrived + 1000 or job.arrived > wanted + 1000:
        return job.arrived + granted
    return min(wanted, job.arrived + granted)


class Server:
    """Serves `<api>.price` and `<api>.slow`, one at a time; the others wait their turn."""

    def __init__(self, broker, options, stopped):
        self.broker, self.api, self.stopped = broker, options["api"], stopped
        self.instance = fresh_id()
        self.started = now()
        self.state = "running"
        self.turns = queue.Queue()
        self.running, self.tombstones = {}, {}
        self.counts = {"handled": 0, "failed": 0}

    def serve(self):
        self.broker.declare_exchanges()
        keys = [*(f"cancel.{self.api}.{member}" for member in MEMBERS), "presence.ask"]
        self.broker.consume(lambda: self.broker.declare_control(self.instance, keys), 100, self.hear)
        for member in MEMBERS:
            name = f"{self.api}.{member}"
            self.broker.consume(lambda name=name: self.broker.declare_call(name), 16, self.deliver)
        threading.Thread(target=self.work, daemon=True).start()
        self.heartbeat()
        tell("ready")
        self.broker.run(self.stopped)
        for job in self.running.values():
            job.stopped.set()
        self.state = "gone"
        self.announce()

    def deliver(self, channel, method, properties, body):
        self.turns.put(Job(channel, method, properties, body))

    def hear(self, channel, method, properties, body):
        channel.basic_ack(method.delivery_tag)
        if properties.type == "warren.presence":
            try:
                notice = read_body(body)
            except Unreadable:
                return
            if notice.get("v") == 1 and notice.get("kind") == "ask":
                self.announce()
        elif properties.correlation_id in self.running:
            self.running[properties.correlation_id].stopped.set()
        elif properties.correlation_id is not None:
            until = number(properties.headers, "warren-deadline") or now()
            for old in [one for one, end in self.tombstones.items() if end <= now()]:
                del self.tombstones[old]
            self.tombstones[properties.correlation_id] = min(until, now() + 86400000)

    # on a thread of its own, which touches no channel
    def work(self):
        while True:
            job = self.turns.get()
            reply = self.answer(job)
            self.broker.connection.add_callback_threadsafe(lambda job=job, reply=reply: self.finish(job, reply))

    def answer(self, job):
        """The reply as tag and body; nothing, where none is sent."""
        properties = job.properties
        if not properties.reply_to or properties.correlation_id is None:
            return None
        call_id = properties.correlation_id
        if self.tombstones.get(call_id, 0) > now():
            return tell("skipped", why="cancelled", id=call_id)
        job.deadline = deadline_of(job)
        if job.deadline <= now():
            return tell("skipped", why="expired", id=call_id)
        if job.method.redelivered:
            return "HandlerDied", {"detail": "it was redelivered, so another server may have begun it"}
        try:
            payload = read_body(job.body)
        except Unreadable as error:
            misfit = {"field": "", "value": f"{len(job.body)} bytes", "expected": f"JSON: {error}"}
            return "InvalidPayload", {**misfit, "misfits": [misfit]}
        self.running[call_id] = job
        tell("started", id=call_id, type=properties.type)
        try:
            value = MEMBERS[job.method.routing_key.rsplit(".", 1)[1]](payload, job)
            self.counts["handled"] += 1
            return None, value
        except Cancelled:
            return tell("cancelled", id=call_id)
        except Declared as error:
            return "declared", error.body
        except Misfit as error:
            return "InvalidPayload", error.facts
        except Exception as error:  # whatever it is, the caller is told
            self.counts["failed"] += 1
            return "HandlerFailed", {"detail": f"{type(error).__name__}: {error}", "chain": [properties.type]}
        finally:
            del self.running[call_id]

    def finish(self, job, reply):
        if reply is not None:
            tag, body = reply
            asked = job.properties.headers or {}
            headers = {name: asked[name] for name in ("traceparent", "tracestate") if text(asked, name)}
            if tag is not None:
                headers["warren-error"] = tag
            call_id = job.properties.correlation_id
            properties = self.broker.properties(
                f"{job.properties.message_id}.reply", job.properties.type, TRANSIENT, headers, correlation_id=call_id
            )
            self.broker.publish("", job.properties.reply_to, properties, write_body(body))
        job.channel.basic_ack(job.method.delivery_tag)

    def heartbeat(self):
        self.announce()
        self.broker.connection.call_later(5, self.heartbeat)

    def announce(self):
        handlers = [
            {
                "name": member,
                "kind": "call",
                "subject": f"{self.api}.{member}",
                "queue": f"warren.calls.{self.api}.{member}",
                "schema": "",
                "version": "1",
                "idempotent": False,
            }
            for member in MEMBERS
        ]
        notice = {
            "v": 1,
            "kind": "announce",
            "instance": self.instance,
            "apps": [{"app": self.broker.app, "handlers": handlers}],
            "emits": [],
            "calls": [],
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "runtime": f"python {sys.version_info.major}.{sys.version_info.minor}",
            "version": "",
            "startedAt": self.started,
            "state": self.state,
            "every": 5000,
            "inHand": len(self.running),
            **self.counts,
        }
        headers = {"warren-sent": sent()}
        properties = self.broker.properties(fresh_id(), "warren.presence", TRANSIENT, headers, expiration="15000")
        self.broker.publish(CONTROL, "presence.announce", properties, write_body(notice))


def serve(broker, options, stopped):
    Server(broker, options, stopped).serve()


def main():
    url, role, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    broker = Broker(url, options["app"])
    {"emit": emit, "call": call, "listen": listen, "serve": serve}[role](broker, options, stopped)
    # whatever is in hand goes back to its queue with the connection
    broker.connection.close()


main()
