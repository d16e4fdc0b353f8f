"""Puts slips of spelling right in the words the tutor listens for, and touches no other word.

A word becomes a known one when both begin alike and one slip lies between them (a letter too many,
too few, wrong, or two exchanged), or two slips in a word of eight letters and more.
"""

from __future__ import annotations

import re
from functools import cache

LONG = 8

_KNOWN: frozenset[str] = frozenset(
    re.findall(
        r"[a-z]+",
        """
        pedal pedals pedalling pedaling blurred blurry muddy timing rhythm tempo rubato
        metronome steady legato staccato articulation timbre colour dynamics dynamic
        crescendo diminuendo balance voicing melody harmony accompaniment expressive
        interpretation practise practice practising practicing exercise exercises
        recording recordings performance improve improved improving compare comparison
        schedule minutes passage passages moment moments strongest weakest worst explain
        should score scores scales arpeggio arpeggios octave octaves chords trills
        polyrhythm polyrhythms repeated fingering fingers sonata prelude fugue nocturne
        mordent fermata sostenuto corda ornament ornaments memorise memorize softer
        louder faster slower
        hurts hurting painful aches aching arching acting tingling tinkling swollen
        tendon tendons tendinitis inflamed injury injured cramp cramps clamp wrist wrists forearm
        """,
    )
)


def spelt(message: str) -> str:
    """The message with slips in known words put right; names of files stay as they are."""
    return re.sub(r"(?<![\w.-])[A-Za-z]{5,}(?![\w-]|\.\w)", _put_right, message)


def _put_right(match: re.Match[str]) -> str:
    word = match.group()
    known = _meant(word.lower())
    return word if known is None else known.capitalize() if word[0].isupper() else known


@cache
def _meant(word: str) -> str | None:
    """The one known word that is meant; None for a known word, and where several are as near."""
    if word in _KNOWN or word.removesuffix("s") in _KNOWN or f"{word}s" in _KNOWN:
        return None
    near = sorted((slips(word, known), known) for known in _KNOWN if known[0] == word[0])
    near = [(n, known) for n, known in near if n <= (2 if len(known) >= LONG else 1)]
    if not near or (len(near) > 1 and near[1][0] == near[0][0]):
        return None
    return near[0][1]


def slips(one: str, other: str) -> int:
    """Letters inserted, left out, replaced, or exchanged with their neighbour (Damerau 1964)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]
