"""kombu does what its users do, on the broker of the URL that it is given; fails with the first thing that is not so."""

import socket
import sys
import uuid

from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.pools import producers
from kombu.simple import Empty

URL = sys.argv[1]
NAME = "kombu-" + uuid.uuid4().hex[:8]


def drain(connection, count, seen):
    while len(seen) < count:
        connection.drain_events(timeout=20)


def publishing():
    with Connection(URL, transport_options={"confirm_publish": True}) as connection:
        exchange = Exchange(NAME, type="topic", auto_delete=True)
        queue = Queue(NAME, exchange, routing_key="sales.#", auto_delete=True)
        seen = []

        def on_message(body, message):
            seen.append((body, message.delivery_info["redelivered"]))
            if body["n"] == 1 and not message.delivery_info["redelivered"]:
                message.requeue()
            else:
                message.ack()

        with Consumer(connection, [queue], callbacks=[on_message], accept=["json"], prefetch_count=1):
            with producers[connection].acquire(block=True) as producer:
                for n in (1, 2):
                    producer.publish({"n": n}, exchange=exchange, routing_key="sales.placed", serializer="json")
            drain(connection, 3, seen)
        assert seen == [({"n": 1}, False), ({"n": 1}, True), ({"n": 2}, False)], seen


def dying():
    with Connection(URL) as connection:
        channel = connection.channel()
        dead = Queue(NAME + "-dead", exclusive=True, channel=channel)
        dead.declare()
        queue = Queue(
            NAME + "-mortal",
            exclusive=True,
            channel=channel,
            message_ttl=0.05,
            queue_arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name},
        )
        queue.declare()
        Producer(channel).publish("late", routing_key=queue.name, headers={"kept": 1.5})
        message = None
        while message is None:
            message = dead.get(no_ack=True)
        death = message.headers["x-death"][0]
        assert (message.payload, message.headers["kept"]) == ("late", 1.5)
        assert (death["reason"], death["queue"], death["count"]) == ("expired", queue.name, 1), death
        assert queue.get() is None


def headers():
    with Connection(URL) as connection:
        channel = connection.channel()
        queue = Queue("", exclusive=True, channel=channel)
        queue.declare()
        sent = {
            "text": "é€𝄞",
            "yes": True,
            "int": -70000,
            "long": 5000000000,
            "float": 1.25,
            "nothing": None,
            "list": [1, "two", [True], {"three": 3}],
            "table": {"inner": {"deep": "yes"}},
        }
        Producer(channel).publish(b"x", routing_key=queue.name, headers=sent, priority=3, correlation_id="c")
        message = queue.get(no_ack=True)
        assert message.headers == sent, message.headers
        assert message.properties["priority"] == 3 and message.properties["correlation_id"] == "c"


def simple():
    with Connection(URL) as connection:
        queue = connection.SimpleQueue(NAME + "-simple")
        queue.put({"hello": "world"})
        message = queue.get(timeout=20)
        assert message.payload == {"hello": "world"}
        message.ack()
        try:
            queue.get(block=False)
            raise AssertionError("there is another one")
        except Empty:
            pass
        queue.close()
        Queue(NAME + "-simple")(connection.channel()).delete()


def reconnecting():
    with Connection(URL, transport_options={"confirm_publish": True}) as connection:
        queue = Queue(NAME + "-kept", durable=True)
        channel = connection.channel()
        bound = queue(channel)
        bound.declare()
        Producer(channel).publish("1", routing_key=queue.name, delivery_mode=2)
        assert bound.get().payload == "1"
        # without a word
        connection.connection.sock.shutdown(socket.SHUT_RDWR)
        seen = []

        def on_message(body, message):
            seen.append((body, message.delivery_info["redelivered"]))
            message.ack()

        with Connection(URL) as other:
            with Consumer(other, [queue], callbacks=[on_message]):
                drain(other, 1, seen)
            assert seen == [("1", True)], seen
            queue(other.channel()).delete()


for scene in (publishing, dying, headers, simple, reconnecting):
    scene()
    print(scene.__name__, flush=True)
