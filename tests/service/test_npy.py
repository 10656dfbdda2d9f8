"""NumPy reads what is written."""

from __future__ import annotations

import io

import numpy as np
import pytest

from featurelens.service.npy import npy


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (224, 224), (1, 50)])
def test_numpy_reads_it(shape: tuple[int, int]) -> None:
    array = np.random.default_rng(0).normal(size=shape).astype("<f4")
    content = npy(array.tobytes(), shape)
    read = np.load(io.BytesIO(content), allow_pickle=False)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, array)
    assert (len(content) - array.nbytes) % 64 == 0
