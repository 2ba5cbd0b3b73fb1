"""Tasks of Celery, for a worker and for whoever asks for them; the broker is the URL in WARREN_CELERY_BROKER."""

import os

from celery import Celery

app = Celery("tasks", broker=os.environ["WARREN_CELERY_BROKER"], backend="rpc://")
app.conf.update(
    task_default_queue=os.environ["WARREN_CELERY_QUEUE"],
    task_acks_late=True,
    worker_prefetch_multiplier=2,
    broker_connection_retry_on_startup=True,
    result_persistent=False,
)


@app.task
def add(x, y):
    return x + y


@app.task
def fail(text):
    raise ValueError(text)


@app.task(bind=True, max_retries=3)
def stubborn(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return self.request.retries
