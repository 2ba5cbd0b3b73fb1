"""The other side of the interoperability tests, in Python with pyzmq: the same as program.ts beside it."""
import json
import sys

import zmq

BLOCK = bytes((i * 31 + (i >> 8)) & 0xFF for i in range(65536))

OPTIONS = {
    "identity": (zmq.IDENTITY, str.encode),
    "curveServer": (zmq.CURVE_SERVER, int),
    "publicKey": (zmq.CURVE_PUBLICKEY, str.encode),
    "secretKey": (zmq.CURVE_SECRETKEY, str.encode),
    "serverKey": (zmq.CURVE_SERVERKEY, str.encode),
    "heartbeat": (zmq.HEARTBEAT_IVL, int),
    "silence": (zmq.HEARTBEAT_TIMEOUT, int),
    "ttl": (zmq.HEARTBEAT_TTL, int),
    "relaxed": (zmq.REQ_RELAXED, int),
    "correlate": (zmq.REQ_CORRELATE, int),
    "mandatory": (zmq.ROUTER_MANDATORY, int),
}

context = zmq.Context()
sockets = {}


def filled(length):
    return (BLOCK * (length // len(BLOCK) + 1))[:length]


def read(frame):
    return frame.encode() if isinstance(frame, str) else filled(frame)


def write(frame):
    if len(frame) <= 64:
        return frame.decode()
    return len(frame) if frame == filled(len(frame)) else f"{len(frame)} bytes that are others"


def obey(command):
    todo, name = command["do"], command["id"]
    if todo == "open":
        socket = context.socket(getattr(zmq, command["type"]))
        socket.setsockopt(zmq.LINGER, 2000)
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 50)
        for option, value in command["options"].items():
            number, convert = OPTIONS[option]
            socket.setsockopt(number, convert(value))
        sockets[name] = socket
        return {}
    socket = sockets[name]
    if todo == "bind":
        socket.bind(command["at"])
        return {"at": socket.getsockopt_string(zmq.LAST_ENDPOINT)}
    if todo == "connect":
        socket.connect(command["at"])
    elif todo == "subscribe":
        socket.setsockopt(zmq.SUBSCRIBE, command["topic"].encode())
    elif todo == "send":
        socket.send_multipart([read(frame) for frame in command["frames"]])
    elif todo == "receive":
        while True:
            frames = socket.recv_multipart()
            if frames[0] != b"mark":
                return {"frames": [write(frame) for frame in frames]}
    elif todo == "echo":
        for _ in range(command["times"]):
            socket.send_multipart(socket.recv_multipart())
    elif todo == "mark":
        while socket.recv_multipart()[0] != b"mark":
            pass
    elif todo == "close":
        sockets.pop(name).close()
    else:
        raise ValueError(f'There is no command "{todo}"')
    return {}


for line in sys.stdin:
    command = json.loads(line)
    try:
        answer = obey(command)
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps({"n": command["n"], **answer}), flush=True)
