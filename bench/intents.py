"""How many phrasings of each intent the built-in tutor understands: ``python -m bench.intents``.

The phrasings are those of the tests, so the rules know them; what is measured is that they stay
understood, and how many there are of each. Exits with 1 when one is not.
"""

from __future__ import annotations

import sys
from collections import Counter

from crescendai.chat.tutor.german import in_english, is_german
from crescendai.chat.tutor.intents import read_intent
from crescendai.chat.tutor.spelling import spelt
from tests.chat.tutor.test_intents import GERMAN, MESSAGES


def main() -> None:
    said = {"English": MESSAGES, "German": [(message, kind) for message, kind, _ in GERMAN]}
    asked: Counter[tuple[str, str]] = Counter()
    understood: Counter[tuple[str, str]] = Counter()
    for language, phrasings in said.items():
        for message, kind in phrasings:
            read = in_english(message) if is_german(message) else spelt(message)
            asked[kind, language] += 1
            understood[kind, language] += read_intent(read).kind == kind
    print("| intent | English | German |\n|---|---|---|")
    for intent in dict.fromkeys(kind for kind, _ in asked):
        cells = (f"{understood[intent, one]} of {asked[intent, one]}" for one in said)
        print(f"| {intent} | {' | '.join(cells)} |")
    print(f"| all | {understood.total()} of {asked.total()} | |")
    sys.exit(0 if understood == asked else 1)


if __name__ == "__main__":
    main()
