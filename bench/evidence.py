"""Does the verifier catch what is false and let pass what is true? ``python -m bench.evidence``

True sentences about random analyses (the grounded feedback's, and others worded as a language model
might) are falsified in eleven ways, one claim each. Exits with 1 when less than 98 % of the false
are caught or more than 2 % of the true rejected.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter

from crescendai.evidence.check import check_sentence
from tests.evidence.falsehoods import KINDS
from tests.evidence.truths import Truth, as_a_model_says, invented, of_feedback

CAUGHT, REJECTED = 0.98, 0.02


async def truths(analyses: int) -> list[Truth]:
    found: list[Truth] = []
    for seed in range(analyses):
        one = invented(seed, windows_differ=0.02 if seed % 5 == 0 else 0.12)
        found += await of_feedback(one)
        found += as_a_model_says(one, seed)
    return found


def falsehoods(true: list[Truth], per_kind: int, seed: int = 7) -> list[tuple[str, Truth, str]]:
    chance = random.Random(seed)
    made = []
    for kind, falsify in KINDS.items():
        shuffled = true[:]
        chance.shuffle(shuffled)
        told = ((kind, t, f) for t in shuffled if (f := falsify(t, chance)) and f != t.text)
        made += [one for one, _ in zip(told, range(per_kind), strict=False)]
    return made


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--analyses", type=int, default=30)
    options.add_argument("--per-kind", type=int, default=100)
    options.add_argument("--show", action="store_true", help="print what was judged wrongly")
    given = options.parse_args()
    true = asyncio.run(truths(given.analyses))
    began = time.process_time()
    rejected = [t for t in true if not check_sentence(t.text, t.ground, t.focus).holds]
    cpu_ms = (time.process_time() - began) / len(true) * 1000
    print("| what | sentences | caught or rejected | share |\n|---|---|---|---|")
    total, missed = Counter[str](), []
    for kind, truth, text in falsehoods(true, given.per_kind):
        total[kind] += 1
        if check_sentence(text, truth.ground, truth.focus).holds:
            missed.append((kind, truth, text))
    misses = Counter(kind for kind, _, _ in missed)
    for kind, count in total.items():
        caught = count - misses[kind]
        print(f"| false: {kind} | {count} | {caught} | {caught / count:.1%} |")
    all_false = sum(total.values())
    share, refused = 1 - len(missed) / all_false, len(rejected) / len(true)
    print(f"| **false, all** | {all_false} | {all_false - len(missed)} | **{share:.1%}** |")
    for by in ("feedback", "model"):
        whole = [t for t in true if t.by == by]
        wrong = [t for t in rejected if t.by == by]
        part = len(wrong) / len(whole)
        print(f"| true: worded by the {by} | {len(whole)} | {len(wrong)} | {part:.1%} |")
    print(f"| **true, all** | {len(true)} | {len(rejected)} | **{refused:.1%}** |")
    print(f"\nA sentence takes {cpu_ms:.2f} ms of CPU.")
    if given.show:
        for kind, truth, text in missed:
            print(f"\nMISSED {kind}\n  true:  {truth.text}\n  false: {text}")
        for truth in rejected:
            problems = check_sentence(truth.text, truth.ground, truth.focus).problems
            print(f"\nREJECTED {truth.text}\n  {truth.focus} {problems}")
    sys.exit(share < CAUGHT or refused > REJECTED)


if __name__ == "__main__":
    main()
