"""Celery's other side: asks a worker for tasks and waits for what comes of them."""

import time

from celery import chain, group

from tasks import add, app, fail, stubborn


def one():
    assert add.delay(2, 3).get(timeout=30) == 5


def many():
    results = group(add.s(n, n) for n in range(20))()
    assert results.get(timeout=30) == [2 * n for n in range(20)]


def one_after_another():
    assert chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=30) == 10


def failing():
    try:
        fail.delay("no").get(timeout=30)
        raise AssertionError("it succeeded")
    except ValueError as error:
        assert str(error) == "no"


def again():
    assert stubborn.delay().get(timeout=30) == 2


def later():
    assert add.apply_async((4, 5), countdown=0.2).get(timeout=30) == 9


def many_later():
    # more than the worker's prefetch: while they wait for their time it takes more, in their order
    results = [add.apply_async((n, 1), countdown=60) for n in range(10)]
    inspect = app.control.inspect(timeout=1)
    end = time.monotonic() + 20
    while True:
        waiting = sum(len(tasks) for tasks in (inspect.scheduled() or {}).values())
        if waiting == 10:
            break
        assert time.monotonic() < end, f"{waiting} of 10 tasks wait for their time"
    assert add.delay(1, 1).get(timeout=30) == 2
    for result in results:
        result.revoke()


def asking_all_workers():
    replies = app.control.ping(timeout=3)
    assert [list(reply.values()) for reply in replies] == [[{"ok": "pong"}]], replies
    assert "tasks.add" in list(app.control.inspect(timeout=3).registered().values())[0]


for scene in (one, many, one_after_another, failing, again, later, many_later, asking_all_workers):
    scene()
    print(scene.__name__, flush=True)
