"""What messages are made of: ids, bodies and headers. Pure, but for the random bits of ids."""

import hashlib
import json
import os
import uuid

from basics import now

MAX_DEPTH = 100


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
