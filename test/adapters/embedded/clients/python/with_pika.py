"""pika does what its users do, on the broker of the URL that it is given; fails with the first thing that is not so."""

import datetime
import decimal
import socket
import sys
import uuid

import pika
import pika.exceptions

URL = sys.argv[1]
NAME = "pika-" + uuid.uuid4().hex[:8]
PERSISTENT = pika.BasicProperties(delivery_mode=2)


def connect():
    return pika.BlockingConnection(pika.URLParameters(URL))


def body_of(channel, queue):
    method, _, body = channel.basic_get(queue, auto_ack=True)
    return None if method is None else body


def publishing():
    connection = connect()
    channel = connection.channel()
    channel.confirm_delivery()
    declared = channel.queue_declare(NAME, durable=True)
    assert declared.method.message_count == 0
    for text in (b"1", b"2"):
        channel.basic_publish("", NAME, text, PERSISTENT, mandatory=True)
    try:
        channel.basic_publish("", NAME + "-nowhere", b"3", mandatory=True)
        raise AssertionError("nobody was told")
    except pika.exceptions.UnroutableError as error:
        assert error.messages[0].body == b"3"
    assert channel.queue_declare(NAME, passive=True).method.message_count == 2
    method, _, body = channel.basic_get(NAME)
    assert (body, method.redelivered, method.message_count) == (b"1", False, 1)
    channel.basic_nack(method.delivery_tag)
    method, _, body = channel.basic_get(NAME)
    assert (body, method.redelivered) == (b"1", True)
    channel.basic_ack(method.delivery_tag)
    assert body_of(channel, NAME) == b"2"
    assert body_of(channel, NAME) is None
    channel.queue_delete(NAME)
    connection.close()


def refusing():
    connection = connect()
    channel = connection.channel()
    channel.confirm_delivery()
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    queue = channel.queue_declare("", exclusive=True, arguments=arguments).method.queue
    channel.basic_publish("", queue, b"1")
    try:
        channel.basic_publish("", queue, b"2")
        raise AssertionError("it was taken")
    except pika.exceptions.NackError:
        pass
    connection.close()


def headers():
    connection = connect()
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    sent = {
        "text": "é€𝄞",
        "bytes": b"\x00\x01\xff",
        "yes": True,
        "no": False,
        "int": -70000,
        "long": 5000000000,
        "decimal": decimal.Decimal("3.14"),
        "time": datetime.datetime(2023, 11, 14, 22, 13, 20),
        "nothing": None,
        "list": [1, "two", [True], {"three": 3}],
        "table": {"inner": {"deep": "yes"}},
    }
    properties = pika.BasicProperties(
        headers=sent,
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        priority=3,
        correlation_id="c",
        reply_to="r",
        expiration="60000",
        message_id="m",
        timestamp=1700000000,
        type="t",
        user_id="guest",
        app_id="a",
    )
    channel.basic_publish("", queue, b"{}", properties)
    _, heard, _ = channel.basic_get(queue, auto_ack=True)
    assert heard == properties, (heard, properties)
    connection.close()


def consuming():
    connection = connect()
    channel = connection.channel()
    dead = channel.queue_declare("", exclusive=True).method.queue
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    queue = channel.queue_declare("", exclusive=True, arguments=arguments).method.queue
    exchange = NAME + "-topic"
    channel.exchange_declare(exchange, "topic", auto_delete=True)
    channel.queue_bind(queue, exchange, "sales.*")
    channel.basic_qos(prefetch_count=1)
    for text in (b"1", b"2", b"3"):
        channel.basic_publish(exchange, "sales.placed", text)
    seen = []

    def on_message(_, method, __, body):
        seen.append((body, method.redelivered))
        if body == b"1" and not method.redelivered:
            channel.basic_nack(method.delivery_tag, requeue=True)
        elif body == b"2":
            channel.basic_reject(method.delivery_tag, requeue=False)
        else:
            channel.basic_ack(method.delivery_tag)
        if len(seen) == 4:
            channel.stop_consuming()

    channel.basic_consume(queue, on_message)
    channel.start_consuming()
    assert seen == [(b"1", False), (b"1", True), (b"2", False), (b"3", False)], seen
    _, properties, body = channel.basic_get(dead, auto_ack=True)
    death = properties.headers["x-death"][0]
    assert (body, death["queue"], death["reason"], death["count"]) == (b"2", queue, "rejected", 1), death
    assert death["exchange"] == exchange and death["routing-keys"] == ["sales.placed"]
    connection.close()


def errors():
    connection = connect()
    for code, use in (
        (404, lambda channel: channel.queue_declare(NAME + "-none", passive=True)),
        (403, lambda channel: channel.exchange_declare("amq.mine")),
        (404, lambda channel: channel.queue_bind(channel.queue_declare("", exclusive=True).method.queue, NAME + "-none")),
    ):
        try:
            use(connection.channel())
            raise AssertionError("it was done")
        except pika.exceptions.ChannelClosedByBroker as error:
            assert error.reply_code == code, error
    connection.close()
    wrong = pika.URLParameters(URL)
    wrong.credentials = pika.PlainCredentials("guest", "wrong")
    try:
        pika.BlockingConnection(wrong)
        raise AssertionError("it was let in")
    except pika.exceptions.ProbableAuthenticationError:
        pass


def reconnecting():
    lost = connect()
    channel = lost.channel()
    channel.confirm_delivery()
    channel.queue_declare(NAME, durable=True)
    channel.basic_publish("", NAME, b"1", PERSISTENT)
    assert channel.basic_get(NAME)[2] == b"1"
    # without a word
    lost._impl._transport._sock.shutdown(socket.SHUT_RDWR)
    connection = connect()
    channel = connection.channel()
    for method, _, body in channel.consume(NAME, inactivity_timeout=20):
        assert (body, method.redelivered) == (b"1", True)
        channel.basic_ack(method.delivery_tag)
        break
    channel.cancel()
    channel.queue_delete(NAME)
    connection.close()


for scene in (publishing, refusing, headers, consuming, errors, reconnecting):
    scene()
    print(scene.__name__, flush=True)
