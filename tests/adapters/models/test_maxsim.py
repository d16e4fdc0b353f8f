from __future__ import annotations

import numpy as np

from crescendai.adapters.models.maxsim import DIMENSIONS, MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM

PEDAL = "Change the pedal with the harmony, or the bass will blur."


async def test_words_that_stand_together_count_for_more_than_the_same_ones_apart() -> None:
    reranker = MaxSimReranker(MiniLM())
    [together] = await reranker.prepare([[PEDAL]])
    windows, count = np.frombuffer(together[:4], dtype="<u2")
    assert windows == 1
    tokens = together[4:]
    assert len(tokens) == count * DIMENSIONS
    apart = np.array([count, *[1] * count], dtype="<u2").tobytes() + tokens
    near, far = await reranker.rerank("when does the bass blur with the pedal", [together, apart])
    assert near > far + 0.05
