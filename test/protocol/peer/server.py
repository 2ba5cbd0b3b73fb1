"""Serves calls, one at a time, and says in announcements that it does."""

import os
import queue
import socket
import sys
import threading

from basics import now, sent, tell
from broker import CONTROL, TRANSIENT
from deadline import Lateness, deadline_of
from members import MEMBERS, Cancelled, Declared, Misfit
from messages import Unreadable, fresh_id, number, read_body, text, write_body


class Job:
    """A call in hand."""

    def __init__(self, channel, method, properties, body, late):
        self.channel, self.method, self.properties, self.body = channel, method, properties, body
        # as on its arrival, however long it waits for its turn
        self.deadline = deadline_of(properties, now(), late)
        self.stopped = threading.Event()


class Server:
    """Serves `<api>.price` and `<api>.slow`, one at a time; the others wait their turn."""

    def __init__(self, broker, options, stopped):
        self.broker, self.api, self.stopped = broker, options["api"], stopped
        self.instance = fresh_id()
        self.started = now()
        self.state = "running"
        self.lateness = Lateness()
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
        self.turns.put(Job(channel, method, properties, body, self.lateness.of(properties)))

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
