"""Jobs in the queues of renderers, and the slots that deal them out."""

from __future__ import annotations

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.queues import queue_of
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.slot.dealing import Dealing
from featurelens.worker.slot.slot_job import SlotJob

NEEDS = ("network sha256:0 6",)


def dealing(redis: Redis, renderer: str, queue: str = SWEEP_QUEUE) -> Dealing:
    own = Queue(queue_of(queue, renderer), connection=redis, serializer=JSONSerializer, job_class=SlotJob)
    return Dealing(own, f"slot of {renderer}", 5.0)


def ask(jobs: JobQueue, count: int, queue: str = SWEEP_QUEUE, layer: str = "l", first: int = 0) -> list[str]:
    """Keys of new pictures of one lane."""
    spec = VisualizationSpec(model="m", layer=layer, channel=1, size=(64, 64), steps=10).completed()
    keys = [f"fv1_{number:064x}" for number in range(first, first + count)]
    jobs.submit_all([Wanted(key, spec, "sha256:0", NEEDS) for key in keys], queue)
    return keys
