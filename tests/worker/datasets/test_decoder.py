"""Images are decoded in processes that may die: only the image that they die of is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image, PngImagePlugin

from featurelens.jobs.plain_picture import MAX_PROFILE
from featurelens.jobs.store.photo_decoding import normalized
from featurelens.worker.datasets.decoder import Decoder, Pending
from featurelens.worker.datasets.decoding import Broken, pixels, thumbnail, thumbnail_size
from featurelens.worker.datasets.folder import FileReference
from tests.support.deadly import Grey, Slow
from tests.support.photographs import BLUE, ORIENTATION, RED, WHITE, corners, encoded, profile, tagged
from tests.support.wait import until

SIZE = (8, 8)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    made = Decoder(2)
    made.warm_up()
    yield made
    made.close()


def answered(decoder: Decoder, pending: Pending[Any]) -> Any:
    answer = decoder.answer(pending, 60)
    assert answer is not None
    return answer


def grey(answer: Any) -> int:
    return round(float(answer[0, 0, 0]) * 255)


def test_answers_come_in_any_order(decoder: Decoder) -> None:
    asked = [decoder.ask(pixels, Grey(one), SIZE, 3) for one in range(20)]
    for one in (7, *range(20)):
        answer = answered(decoder, asked[one])
        assert answer.shape == (3, *SIZE)
        assert grey(answer) == one


@pytest.mark.parametrize("deadly", [{0}, {5, 6}, {19}])
def test_only_what_a_process_dies_of_is_lost(decoder: Decoder, deadly: set[int]) -> None:
    asked = [decoder.ask(pixels, Grey(one, one in deadly), SIZE, 1) for one in range(20)]
    answers = [answered(decoder, one) for one in asked]
    assert {place for place, one in enumerate(answers) if isinstance(one, Broken)} == deadly
    assert [grey(one) for one in answers if not isinstance(one, Broken)] == [n for n in range(20) if n not in deadly]
    assert grey(answered(decoder, decoder.ask(pixels, Grey(3), SIZE, 1))) == 3


def test_what_is_forgotten_keeps_nobody_waiting(decoder: Decoder) -> None:
    killer = decoder.ask(pixels, Grey(0, deadly=True), SIZE, 1)
    others = [decoder.ask(pixels, Grey(one), SIZE, 1) for one in range(4)]
    until(lambda: killer.future.done())
    decoder.answer(others[3], 0.0)  # notices it
    for one in (killer, *others[:2]):
        decoder.forget(one)
    assert [grey(answered(decoder, one)) for one in others[2:]] == [2, 3]


def test_broken_files_say_why_and_not_where(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    for name, reason in (("text.png", "no image that can be read"), ("gone.png", "No such file or directory")):
        asked = decoder.ask(pixels, FileReference(str(tmp_path / name)), SIZE, 3)
        assert answered(decoder, asked) == Broken(reason)


def clear() -> Image.Image:
    image = corners().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


OF_EVERY_SORT = {
    "as it is.png": encoded(corners()),
    "on its side.jpg": encoded(corners(), "JPEG", exif=tagged(6)),
    "mirrored.webp": encoded(corners(), "WEBP", exif=tagged(5)),
    "clear.png": encoded(clear()),
    "clear grey.png": encoded(clear().convert("LA")),
    "clear palette.png": encoded(clear().convert("P")),
    "profile.png": encoded(corners(), icc_profile=profile()),
    "huge profile.png": encoded(corners(), icc_profile=profile() + random.Random(0).randbytes(2 << 20)),
    "profile.jpg": encoded(clear().convert("RGB"), "JPEG", icc_profile=profile(), exif=tagged(8)),
    "grey.png": encoded(corners().convert("L")),
    "inks.jpg": encoded(corners().convert("CMYK"), "JPEG"),
    "large.jpg": encoded(corners().resize((1500, 1100)), "JPEG"),
    "damaged tags.jpg": encoded(corners(), "JPEG", exif=b"Exif\0\0nonsense"),
}


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_is_what_an_upload_of_its_file_is(decoder: Decoder, tmp_path: Path, channels: int) -> None:
    """To the bit, what a network is shown of it and what is shown of it to people."""
    asked = []
    for name, content in OF_EVERY_SORT.items():
        (tmp_path / name).write_bytes(content)
        with pytest.MonkeyPatch.context() as monkey:  # as the process that decodes uploads
            monkey.setattr(PngImagePlugin, "MAX_TEXT_CHUNK", MAX_PROFILE)
            (tmp_path / f"{name}.upload.png").write_bytes(normalized(content))
        both = FileReference(str(tmp_path / name)), FileReference(str(tmp_path / f"{name}.upload.png"))
        shown = [decoder.ask(pixels, one, (12, 20), channels) for one in both]
        asked.append((name, shown, [decoder.ask(thumbnail, one, (12, 20), 16) for one in both]))
    for name, shown, small in asked:
        ours, uploaded = (answered(decoder, one) for one in shown)
        assert not isinstance(ours, Broken), (name, ours)
        assert (ours == uploaded).all(), name
        assert answered(decoder, small[0]) == answered(decoder, small[1]), name


def test_what_is_not_as_it_lies_in_the_file(decoder: Decoder, tmp_path: Path) -> None:
    """Upright, also from formats that nobody uploads; white where it is clear; green that a profile calls red."""
    tiff = Image.Exif()
    tiff[ORIENTATION] = 6
    corners().save(tmp_path / "turned.tiff", exif=tiff)
    corners().save(tmp_path / "lossless.tiff", exif=tiff, compression="tiff_lzw")
    nothing = Image.new("P", (16, 16), 0)
    nothing.save(tmp_path / "clear.gif", transparency=0)
    Image.new("RGB", (16, 16), RED).save(tmp_path / "red.png", icc_profile=profile())

    def corner(name: str) -> list[int]:
        shown = answered(decoder, decoder.ask(pixels, FileReference(str(tmp_path / name)), (16, 8), 3))
        assert not isinstance(shown, Broken), shown
        return [round(255 * float(part)) for part in shown[:, 0, 0]]

    assert corner("turned.tiff") == corner("lossless.tiff") == list(BLUE)
    assert corner("clear.gif") == list(WHITE)
    assert corner("red.png")[0] < 20 < 235 < corner("red.png")[1]


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_numbers_that_are_no_colors(decoder: Decoder, tmp_path: Path, mode: str) -> None:
    Image.new(mode, (16, 16), 30_000).save(tmp_path / "deep.tiff")
    asked = decoder.ask(pixels, FileReference(str(tmp_path / "deep.tiff")), SIZE, 3)
    assert answered(decoder, asked) == Broken("more than 8 bits a channel")


def test_thumbnails_are_as_small_as_asked(decoder: Decoder) -> None:
    assert [thumbnail_size(size, 100) for size in ((50, 40), (200, 400), (400, 1))] == [(50, 40), (50, 100), (100, 1)]
    made = answered(decoder, decoder.ask(thumbnail, Grey(9), SIZE, 100))
    assert isinstance(made, bytes)
    assert made[:4] == b"RIFF"


@pytest.mark.parametrize("known", [False, True])
def test_a_process_that_is_started_while_another_dies(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    """`known`: the pool is known to be broken before the new one is started; else just before it counts as started."""
    decoder = Decoder(2)
    pool = cast("Any", decoder._pool)
    asked = [decoder.ask(pixels, Slow(0), SIZE, 1)]
    (first,), spawn = pool._processes, pool._spawn_process

    def breaks() -> None:
        os.kill(first, signal.SIGKILL)
        until(lambda: bool(pool._broken))
        time.sleep(0.5)  # until all processes that count have been ended

    def spawn_late() -> None:
        if known:
            breaks()
        counted, pool._processes = pool._processes, {}
        try:
            spawn()
            started.extend(pool._processes)
        finally:
            if not known:
                breaks()
            counted.update(pool._processes)
            pool._processes = counted

    started: list[int] = []
    monkeypatch.setattr(pool, "_spawn_process", spawn_late)
    asked += [decoder.ask(pixels, Grey(one), SIZE, 1) for one in (1, 2)]
    manager = pool._executor_manager_thread
    assert [grey(answered(decoder, one)) for one in asked] == [0, 1, 2]
    decoder.close()
    manager.join(20)
    assert not manager.is_alive()
    assert not any(Path(f"/proc/{process}").exists() for process in (first, *started))


def test_its_processes_end_with_it() -> None:
    decoder = Decoder(1)
    process = decoder._pool.submit(os.getpid).result()
    decoder.close()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{process}").exists()
