"""Products of matrices on the calling thread.

OpenBLAS spreads a product of more than some 260,000 multiplications over all cores, whose threads
then wait for each other busily: in a search that cost three times the processor time of its
products, and more on a machine that has other work.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_MOST_MULTIPLICATIONS = 200_000


def product(rows: Floats, columns: Floats) -> Floats:
    """``rows @ columns``: (n, k) by (k,) or (k, m)."""
    if columns.ndim == 1:
        made: Floats = np.vecdot(rows, columns)
        return made
    step = max(1, _MOST_MULTIPLICATIONS // max(1, columns.size))
    made = np.empty((len(rows), columns.shape[1]), np.float32)
    for start in range(0, len(rows), step):
        np.matmul(rows[start : start + step], columns, out=made[start : start + step])
    return made
