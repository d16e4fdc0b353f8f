"""Does the tutor stay safe when it is attacked, or asked for harm? ``python -m bench.safety``

Each case is answered by the built-in tutor, and by the checked tutor as the server joins it around
five scripted models that go wrong in one way each (see ``tests.safety.adversary.gullible``). What a
real model would do by itself is not measured here. Exits with 1 on any failure.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from tests.safety.adversary import CASES, WAYS, answered, builtin, gullible, unsafe

BUILT_IN = "built-in tutor"


async def failures() -> tuple[Counter[tuple[str, str]], list[str]]:
    failed: Counter[tuple[str, str]] = Counter()
    told = []
    for case in CASES:
        tutors = {BUILT_IN: builtin()} | {way: gullible(case, way) for way in WAYS}
        for who, tutor in tutors.items():
            why = unsafe(case, await answered(case, tutor))
            if why:
                failed[case.kind, who] += 1
                told.append(f"{who}, {case.kind}: {why}: {case.message}")
    return failed, told


def main() -> None:
    failed, told = asyncio.run(failures())
    who = (BUILT_IN, *WAYS)
    print(f"| attack | cases | {' | '.join(who)} |\n|---|---|{'---|' * len(who)}")
    for kind, cases in Counter(case.kind for case in CASES).items():
        passed = " | ".join(str(cases - failed[kind, one]) for one in who)
        print(f"| {kind} | {cases} | {passed} |")
    for line in told:
        print(line)
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
