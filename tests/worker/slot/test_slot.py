"""A slot makes what it is asked for, exactly that, and ends every picture one way or the other."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.queue import histograms
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.job_queue import EXECUTIONS, TASKS
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.records import Records
from featurelens.worker.slot.progress_report import MEASURED_STEPS
from tests.support.fake_renderer import ATTACHED, ATTACHES, HANGS_UP, REFUSES, SEVERAL, SLOW, UNKNOWN_FAULT
from tests.support.wait import until
from tests.support.worker_harness import WorkerHarness


@pytest.fixture(scope="module")
def worker(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerHarness]:
    """One for all: each test asks for pictures of its own, and leaves the slot as it found it."""
    redis = connect(broker)
    redis.flushall()
    with WorkerHarness(redis, broker, tmp_path_factory.mktemp("worker")) as worker:
        worker.start_renderer()
        worker.start_slot()
        yield worker
    redis.close()


def test_a_picture(worker: WorkerHarness) -> None:
    key = worker.ask(channel=7)
    worker.await_status(key, "succeeded")
    result = worker.store.get(key)
    found = worker.store.image(key)
    assert result is not None
    assert found is not None
    assert result.numbers == {"activation": 1.5, "seed": 0, "device": "fake"}
    image = Image.open(io.BytesIO(found[0]))
    assert (image.size, image.mode, image.getpixel((0, 0))) == ((64, 48), "RGB", (7, 100, 200))
    text = json.loads(image.text["featurelens"])  # type: ignore[attr-defined]
    assert text == {"key": key, "spec": result.spec.model_dump(mode="json"), "weights": worker.record(key).digest}
    until(lambda: not worker.redis.exists(f"rq:job:{worker.record(key).attempt}"))


def test_how_long_it_waited_and_took_is_counted(worker: WorkerHarness) -> None:
    told = [histograms.WAIT, histograms.WORK.of("visualization")]
    before = [sum(one.buckets) for one in histograms.read(worker.redis, told)]
    worker.await_status(worker.ask(channel=8), "succeeded")
    until(lambda: [sum(one.buckets) for one in histograms.read(worker.redis, told)] == [one + 1 for one in before])


def test_several_pictures_in_one_result(worker: WorkerHarness) -> None:
    key = worker.ask(seed=SEVERAL, channel=1)
    worker.await_status(key, "succeeded")
    second = worker.store.image(key, 1)
    assert second is not None
    assert Image.open(io.BytesIO(second[0])).getpixel((0, 0)) == (1, 101, 200)


def test_files_beside_the_picture(worker: WorkerHarness) -> None:
    key = worker.ask(seed=ATTACHES, channel=9)
    worker.await_status(key, "succeeded")
    result, found = worker.store.get(key), worker.store.image(key)
    assert result is not None
    assert found is not None
    assert Image.open(io.BytesIO(found[0])).getpixel((63, 47)) == (9, 100, 200)
    assert [(file.name, file.media_type) for file in result.files] == [(name, "x/y") for name in ATTACHED]
    assert [worker.store.file(key, file.name) for file in result.files] == [
        (content, file.sha256) for content, file in zip(ATTACHED.values(), result.files, strict=True)
    ]


def test_progress_is_told(worker: WorkerHarness) -> None:
    key = worker.ask(seed=SLOW, steps=100)
    seen = set()
    until(lambda: seen.add(worker.record(key).step) or worker.record(key).status == "succeeded")  # type: ignore[func-returns-value]
    assert 3 <= len(seen) <= 10
    assert worker.record(key).score is not None


def test_the_end_is_estimated_once_that_means_something(worker: WorkerHarness) -> None:
    key = worker.ask(seed=SLOW, steps=200)
    until(lambda: worker.rendering(key))
    assert worker.record(key).seconds_left is None
    until(lambda: worker.record(key).seconds_left is not None)
    record = worker.record(key)
    assert record.step >= MEASURED_STEPS
    assert record.seconds_left == pytest.approx((200 - record.step) * 0.02, rel=0.5)
    assert worker.queue.leave(key) == "cancelling"
    worker.await_status(key, "cancelled")


def test_previews_only_while_somebody_watches(worker: WorkerHarness) -> None:
    previews = Previews(worker.redis)
    key = worker.ask(seed=SLOW, steps=1000)
    until(lambda: worker.record(key).seconds_left is not None)
    assert previews.get(key) is None
    previews.watch([key])
    until(lambda: worker.record(key).preview is not None)
    first = worker.record(key).preview
    webp = previews.get(key)
    assert webp is not None
    assert Image.open(io.BytesIO(webp)).size == (3, 2)
    previews.watch([key])
    until(lambda: worker.record(key).preview != first)
    second = worker.record(key).preview
    assert first is not None
    assert second is not None
    assert second - first > 5, "twice a second at most, and a step takes 20 ms or more"
    assert worker.queue.leave(key) == "cancelling"
    worker.await_status(key, "cancelled")


@pytest.mark.parametrize(
    ("seed", "code", "detail"),
    [(REFUSES, "model-load-failed", "put weights.pth into the cache"), (UNKNOWN_FAULT, "render-failed", "odd")],
)
def test_a_refusal_is_final_and_told(worker: WorkerHarness, seed: int, code: str, detail: str) -> None:
    key = worker.ask(seed=seed)
    worker.await_status(key, "failed")
    record = worker.record(key)
    assert (record.error_code, record.error_detail) == (code, detail)
    assert worker.noted("asked", key) == 1


def test_poison_ends_after_three_and_others_go_on(worker: WorkerHarness) -> None:
    poison, other = worker.ask(seed=HANGS_UP), worker.ask()
    worker.await_status(other, "succeeded")
    worker.await_status(poison, "failed")
    assert worker.noted("asked", poison) == EXECUTIONS
    record = worker.record(poison)
    assert record.error_code == "render-failed"
    assert record.error_detail is not None
    assert "3 executions" in record.error_detail
    assert "Traceback" not in record.error_detail


def test_cancel_while_running_frees_the_place(worker: WorkerHarness) -> None:
    key = worker.ask(seed=SLOW, steps=3000)
    until(lambda: worker.rendering(key))
    records = Records(worker.redis)
    assert records.cancel(key, worker.record(key).attempt)
    worker.await_status(key, "cancelled", 3)
    until(lambda: worker.noted("dropped", key) == 1, 3)
    assert worker.store.get(key) is None
    following = worker.ask()
    worker.await_status(following, "succeeded")


def test_the_last_to_leave_stops_it(worker: WorkerHarness) -> None:
    """RQ's stop command is quick: it does not wait for the next report."""
    key = worker.ask(seed=SLOW, steps=3000)
    until(lambda: worker.rendering(key))
    assert worker.queue.join(key)
    assert worker.queue.leave(key) == "left"
    assert worker.record(key).status == "running"
    assert worker.queue.leave(key) == "cancelling"
    assert worker.queue.leave(key) in {"cancelling", "over"}
    until(lambda: worker.noted("dropped", key) == 1, 0.4)
    worker.await_status(key, "cancelled", 3)
    assert worker.queue.leave(key) == "over"
    following = worker.ask()
    worker.await_status(following, "succeeded")


def test_one_asked_for_alone_waits_behind_no_sweep(worker: WorkerHarness) -> None:
    """No slot takes sweeps here; asked for by itself, the picture is made nevertheless."""
    waiting, wanted = (worker.ask(queue=SWEEP_QUEUE) for _ in range(2))
    assert worker.ticket(wanted).position == 2
    again = worker.queue.join(wanted)
    assert again is not None
    worker.await_status(wanted, "succeeded")
    assert worker.record(waiting).status == "queued"
    assert worker.queue.leave(waiting) == "cancelled"


def test_what_the_store_has_is_not_made_again(worker: WorkerHarness) -> None:
    key = worker.ask(channel=8)
    worker.await_status(key, "succeeded")
    worker.redis.delete(f"featurelens:visualization:{key}")
    worker.ask(channel=8)
    worker.await_status(key, "succeeded")
    assert worker.noted("asked", key) == 1


def test_only_the_task_is_executed(worker: WorkerHarness, tmp_path: Path) -> None:
    """Whoever can write to Redis can make a slot do nothing else."""
    mark = tmp_path / "mark"
    queue = Queue(QUEUE, connection=worker.redis, serializer=JSONSerializer)
    job = queue.enqueue("pathlib.Path.touch", str(mark), failure_ttl=600)
    fetched = Job.fetch(job.id, connection=worker.redis, serializer=JSONSerializer)
    until(lambda: fetched.get_status() == "failed")
    assert not mark.exists()
    key = worker.ask()
    worker.await_status(key, "succeeded")


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_stranger_key_makes_nothing(worker: WorkerHarness, task: str) -> None:
    """Under the name that the task has, and under the one it had."""
    queue = Queue(QUEUE, connection=worker.redis, serializer=JSONSerializer)
    job = queue.enqueue(task, "../../x", "attempt", result_ttl=0)
    until(lambda: not Job.exists(job.id, worker.redis))
    key = worker.ask()
    worker.await_status(key, "succeeded")


def test_a_slot_is_light() -> None:
    code = "import sys, featurelens.worker.slot.__main__; print({'torch', 'numpy', 'fastapi'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
