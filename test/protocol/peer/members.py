"""The calls that are served: what they return, and all the ways in which they fail."""

import datetime
import json

from basics import now


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
