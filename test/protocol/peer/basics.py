"""What time it is, and how the test is told what happens."""

import json
import time


def now():
    return int(time.time() * 1000)


def sent():
    """When, in ms on a clock that nobody sets."""
    return int(time.monotonic() * 1000)


def tell(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)
