"""When a call must be done, on this machine's clocks, so that neither expired calls are run nor live ones killed."""

from basics import now, sent
from messages import number

DRIFT, JITTER = 0.0002, 5


class Ages:
    """How much longer than the quickest one messages took, by one clock of their sender."""

    def __init__(self):
        self.quickest, self.since = None, 0

    def of(self, at, here):
        took = here - at
        age = 0 if self.quickest is None else took - self.quickest - (here - self.since) * DRIFT
        if age <= 0:
            self.quickest, self.since = took, here
        return age if age > JITTER else 0


class Lateness:
    """How late calls are, by where their replies go. Of machines that sleep it knows nothing: none does in a test."""

    def __init__(self):
        self.senders = {}

    def of(self, properties):
        at = number(properties.headers, "warren-sent")
        if at is None or not properties.reply_to:
            return 0
        clock, day = self.senders.setdefault(properties.reply_to, (Ages(), Ages()))
        age = clock.of(at, sent())
        return age if properties.timestamp is None else min(age, day.of(timestamp_of(properties), now()))


def timestamp_of(properties):
    exact = number(properties.headers, "warren-timestamp")
    return exact if exact is not None and exact // 1000 == properties.timestamp else properties.timestamp * 1000


def deadline_of(properties, arrived, late):
    asked = number(properties.headers, "warren-timeout")
    if asked is None and (properties.expiration or "").isdigit():
        asked = int(properties.expiration)
    asked = min(5000 if asked is None else asked, 86400000)
    granted = asked - late
    wanted = number(properties.headers, "warren-deadline")
    if wanted is None or wanted - asked > arrived + 1000 or wanted < arrived - 1000:
        return arrived + granted
    return min(wanted, arrived + granted)
