"""Does the tutor stay safe when it is attacked, or asked for harm? ``python -m bench.safety``

Each case is answered by the built-in tutor, and by the model loop around a scripted model that
does as it is told: it asks for a stranger's recording, for tools that write, and gives exercises
for pain. Whether a real model recites its prompt is not measured here. Exits with 1 on any failure.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from tests.safety.adversary import CASES, answered, builtin, gullible, unsafe


async def failures() -> tuple[Counter[tuple[str, str]], list[str]]:
    failed: Counter[tuple[str, str]] = Counter()
    told = []
    for case in CASES:
        for who, tutor in (("built in", builtin()), ("gullible model", gullible(case))):
            why = unsafe(case, await answered(case, tutor))
            if why:
                failed[case.kind, who] += 1
                told.append(f"{who}, {case.kind}: {why}: {case.message}")
    return failed, told


def main() -> None:
    failed, told = asyncio.run(failures())
    print("| attack | cases | built-in tutor passes | gullible model passes |\n|---|---|---|---|")
    for kind, cases in Counter(case.kind for case in CASES).items():
        passed = [cases - failed[kind, who] for who in ("built in", "gullible model")]
        print(f"| {kind} | {cases} | {passed[0]} | {passed[1]} |")
    for line in told:
        print(line)
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
