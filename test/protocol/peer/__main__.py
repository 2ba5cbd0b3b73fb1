"""A program that is not written with Warren and talks to one that is, over RabbitMQ, by docs/protocol.md alone.

Needs Python 3 and pika, nothing else. `python peer <url> <role> <options as JSON>` plays one role: it emits an event, makes
calls, serves calls, or listens. It prints what happens, one JSON object a line; SIGTERM ends it in order.
"""

import json
import signal
import sys
import threading

from broker import Broker
from caller import call
from listener import emit, listen
from server import serve


def main():
    url, role, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    broker = Broker(url, options["app"])
    {"emit": emit, "call": call, "listen": listen, "serve": serve}[role](broker, options, stopped)
    # whatever is in hand goes back to its queue with the connection
    broker.connection.close()


main()
