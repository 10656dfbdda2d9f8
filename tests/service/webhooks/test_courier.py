"""What is looked at and begun, however a receiver behaves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from redis import Redis
from structlog.testing import capture_logs

from featurelens.jobs.settings import Settings
from featurelens.service.webhooks import courier as module
from featurelens.service.webhooks.allowed_hosts import Permitted
from featurelens.service.webhooks.courier import AT_ONCE, Courier, See
from featurelens.service.webhooks.deliveries import Deliveries, Delivery
from featurelens.service.webhooks.signature import Signatures
from tests.support.receiver import Receiver

WAITING = 40


def run(redis: Redis, state: Path, seconds: float, see: See | None = None) -> list[str]:
    """The ids of deliveries whose jobs were read in that time; all of them have ended, unless `see` tells otherwise."""
    read: list[str] = []

    def over(deliveries: Sequence[Delivery]) -> dict[str, bytes | None]:
        read.extend(one.id for one in deliveries)
        return {one.id: b"{}" for one in deliveries}

    async def whole() -> None:
        courier = Courier(
            Deliveries(redis),
            Permitted(("http://127.0.0.1",)),
            Signatures.of(Settings(state=state), redis),
            see or over,
        )
        courier.start()
        await asyncio.sleep(seconds)
        await courier.close()

    asyncio.run(whole())
    return read


def test_no_job_is_read_for_a_receiver_that_hangs(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CROWDED", (0.0, 0.1))
    monkeypatch.setattr(module, "INTERVAL", 0.05)
    with Receiver(drips=True) as receiver:
        for number in range(WAITING):
            Deliveries(redis).add(Delivery(f"msg_{number}", "fv1_a", receiver.url()), "ann")
        read = run(redis, tmp_path, 1)
    assert len(receiver.calls) == AT_ONCE // 4
    assert len(read) == len(set(read)) == WAITING, "once, before the first calls had begun"
    assert Deliveries(redis).waiting() == WAITING


def test_a_job_that_cannot_be_read_holds_up_no_other(redis: Redis, tmp_path: Path) -> None:
    def see(deliveries: Sequence[Delivery]) -> dict[str, bytes | None]:
        if any(one.key == "fv1_bad" for one in deliveries):
            raise ValueError("no result at all")
        return {one.id: b"{}" for one in deliveries}

    with Receiver() as receiver:
        for number in range(5):
            Deliveries(redis).add(
                Delivery(f"msg_{number}", "fv1_bad" if number == 2 else "fv1_a", receiver.url()), "ann"
            )
        with capture_logs() as lines:
            run(redis, tmp_path, 1.5, see)
        assert sorted(call.headers["webhook-id"] for call in receiver.calls) == [
            f"msg_{number}" for number in range(5) if number != 2
        ]
    assert {one["webhook"] for one in lines if one["event"] == "webhook waits"} == {"msg_2"}
    assert Deliveries(redis).waiting() == 1, "it is looked at again"


def test_a_secret_that_is_damaged_is_told(redis: Redis, tmp_path: Path) -> None:
    (tmp_path / "webhook.secret").write_text("whsec_a")
    Deliveries(redis).add(Delivery("msg_1", "fv1_a", "http://127.0.0.1:9/"), "ann")
    with capture_logs() as lines:
        run(redis, tmp_path, 0.5)
    assert [one["event"] for one in lines] == ["no secret agreed", "webhook left"]
