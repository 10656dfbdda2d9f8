"""How images are shared out: every one is somebody's, whoever comes, goes or dies, and pieces become small."""

from __future__ import annotations

import random

import pytest

from featurelens.worker.renderer.scans.plan import FREE, LEAST, LEFT, LOST_MOST, Piece, Plan

ROWS, IMAGES = 4, 1001


def plan(images: int = IMAGES) -> Plan:
    made = Plan.of("me", "here", ROWS, images)
    made.advance(0, 0)
    return made


def covered(plan: Plan, done: int) -> None:
    """The pieces are all that is left, one after the other, and begin with batches."""
    stops = [done, *(one.stop for one in plan.pieces)]
    assert [one.first for one in plan.pieces] == stops[:-1]
    assert stops[-1] == plan.images or done == plan.images
    assert all(one.first % ROWS == 0 and one.first <= one.done <= one.stop for one in plan.pieces)


def test_a_share_of_what_is_left_from_the_back() -> None:
    made = plan(1000)
    first = made.claim("a", {"a"})
    assert first == Piece(748, 1000, 748, "a"), "a quarter for each of two readers, in whole batches"
    second = made.claim("b", {"a", "b"})
    assert second == Piece(624, 748, 624, "b"), "a sixth of what is left, as there are three"
    assert made.pieces[0] == Piece(0, 624, 0)
    assert made.nearest(0) == second
    covered(made, 0)


def test_pieces_become_small_and_are_few() -> None:
    made, sizes = plan(100_000), []
    while (piece := made.claim("a", {"a"})) is not None:
        sizes.append(piece.stop - piece.first)
        made.end("a", piece.stop)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-2] < 100_000 // 100
    assert len(sizes) < 60


def test_nothing_is_claimed_right_before_the_whole() -> None:
    made = plan()
    made.advance(400, 590)
    assert not made.claimable(set())
    assert made.claim("a", {"a"}) is None
    made.advance(400, 580)
    assert made.claim("a", {"a"}) == Piece(984, IMAGES, 984, "a")


@pytest.mark.parametrize("kept", [0, 8])
def test_what_is_left_is_for_others(kept: int) -> None:
    """As it is where there is a checkpoint of it, else cut anew."""
    made = plan()
    piece = made.claim("a", {"a"})
    assert piece is not None
    made.end("a", piece.first + kept)
    found = next(one for one in made.pieces if one.first == piece.first)
    assert found == Piece(piece.first, IMAGES, piece.first + kept, LEFT if kept else FREE)
    made.advance(400, 0)
    again = made.claim("b", {"b"})
    assert again is not None
    assert (again.first == piece.first) == bool(kept)
    assert made.lost == 0


def test_what_ends_its_helpers_is_read_alone() -> None:
    made = plan()
    for number in range(LOST_MOST + 1):
        assert made.claim(str(number), {str(number)}) is not None
    assert made.lost == LOST_MOST
    assert not made.claimable(set())


def test_lost_pieces_between_finished_ones_are_forgiven() -> None:
    made = plan()
    for number in range(10):
        dead, living = f"dead {number}", f"living {number}"
        made.claim(dead, {dead})
        piece = made.claim(living, {living})
        assert piece is not None, number
        made.end(living, piece.stop)
        if not made.claimable(set()):
            break
    assert made.lost < LOST_MOST


def test_the_whole_takes_what_it_comes_into() -> None:
    made = plan(1000)
    piece = made.claim("a", {"a"})
    assert piece is not None
    made.advance(piece.first + 8, 0)
    assert made.pieces == [Piece(piece.first + 8, 1000, piece.first + 8)]
    assert not made.holds("a")
    made.advance(1000, 0)
    assert made.pieces == []


def test_a_piece_without_a_checkpoint_is_free() -> None:
    made = plan(1000)
    piece = made.claim("a", {"a"})
    assert piece is not None
    made.free(piece.first)
    made.advance(0, 0)
    assert made.pieces == [Piece(0, 1000, 0)]


def test_parts_that_lie_in_the_store() -> None:
    """Overlapping ones, and such that do not begin or end with a batch, are passed over."""
    parts = [range(40, 80), range(60, 90), range(3, 9), range(80, 99), range(996, IMAGES), range(900, IMAGES + 1)]
    made = Plan.of("me", "here", ROWS, IMAGES, parts)
    assert made.pieces == [Piece(40, 80, 40, LEFT), Piece(996, IMAGES, 996, LEFT)]
    made.advance(0, 0)
    covered(made, 0)
    assert made.nearest(0) == Piece(40, 80, 40, LEFT)


def test_whatever_happens_every_image_is_read_once() -> None:
    """Helpers come, finish, leave and die in any order, and the whole takes over what it comes to."""
    for seed in range(60):
        dice = random.Random(seed)
        made, done, living, kept = plan(), 0, dict[str, Piece](), dict[int, int]()
        read = [0] * IMAGES
        for number in range(10_000):
            if done == IMAGES:
                break
            deed = dice.random()
            if deed < 0.2 and (piece := made.claim(f"h{number}", set(living) | {f"h{number}"})):
                assert piece.stop - piece.first >= min(LEAST * ROWS, piece.stop - made.front)
                living[f"h{number}"] = piece
            elif deed < 0.5 and living:
                holder = dice.choice(sorted(living))
                piece = living.pop(holder)
                upto = dice.choice([piece.first, piece.first + ROWS, piece.stop])
                if made.holds(holder):
                    kept[piece.first] = max(min(upto, piece.stop), kept.get(piece.first, piece.first))
                    if dice.random() < 0.7:  # else it dies
                        made.end(holder, kept[piece.first])
            else:
                nearest = made.nearest(done)
                if nearest is not None and nearest.first == done:
                    upto = kept.get(nearest.first, nearest.first)
                    if upto == done:
                        made.free(done)
                else:
                    upto = min(done + ROWS, IMAGES if nearest is None else nearest.first)
                for image in range(done, upto):
                    read[image] += 1
                done = upto
                made.advance(done, dice.choice([0, 3, 40]))
            covered(made, done)
        assert read == [1] * IMAGES
