"""Which words are slips of spelling, and which words may have been meant."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from string import ascii_lowercase

from crescendai.knowledge.words import stems_of, words_of

_ENDINGS = ("er", "ers", "or", "est", "en", "ly", "ness", "less", "ful", "able", "ize", "ise", "y")
_SHORTEST, _LONGER = 3, 4  # letters in the two parts of a word like "armrest"
_ON_THE_PAGE = words_of(
    """
    adagietto andantino arioso berceuse bourree calando cantando chaconne courante crotchet
    descant dolce duplet fioritura gavotte gigue grave grazioso hemiola larghetto largo
    legatissimo leggiero lento maestoso menuet mezza minuet moderato mordent morendo pesante
    polonaise portato presto quaver rinforzando ritenuto sarabande scherzando scherzi semplice
    smorzando soave tempi tenuto tranquillo trillo valse vibrato vivace vivo
    """
)


class Dictionary:
    """Common words of English and of scores; what is made of them is no slip either."""

    def __init__(self, words: Collection[str] = ()) -> None:
        self._words = frozenset([*words, *_ON_THE_PAGE])

    @cached_property
    def _stems(self) -> frozenset[str]:
        """Worked out when the first word is looked up that a library has not."""
        return frozenset(stems_of(sorted(self._words)))

    def knows(self, word: str) -> bool:
        """Whether the word is one of them, inflected or derived ("hearer"), or two ("armrest")."""
        return self._inflected(word) or self._derived(word) or self._compound(word)

    def possible(self, words: Collection[str]) -> list[str]:
        """Those that a slip may be put right to.

        Of a common word only the forms that are common: nobody means "concertes" because "concert"
        is in the library. What no common word is akin to is the library's own.
        """
        ordered = sorted(words)
        return [
            word
            for word, stem in zip(ordered, stems_of(ordered), strict=True)
            if word in self._words or stem not in self._stems
        ]

    def _inflected(self, word: str) -> bool:
        return word in self._words or stems_of([word])[0] in self._stems

    def _derived(self, word: str) -> bool:
        bases = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
        return any(
            base in self._words or f"{base}e" in self._words
            for base in bases
            if len(base) >= _SHORTEST
        )

    def _compound(self, word: str) -> bool:
        return any(
            word[:at] in self._words and self._inflected(word[at:])
            for at in range(_SHORTEST, len(word) - _LONGER + 1)
        )


def slips_of(word: str) -> set[str]:
    """What one letter too many, too few, wrong, or exchanged with its neighbour makes of a word.

    The first letter stays: that one is seldom wrong.
    """
    parts = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]
    fewer = {a + b[1:] for a, b in parts if b}
    exchanged = {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    wrong = {a + letter + b[1:] for a, b in parts if b for letter in ascii_lowercase}
    more = {a + letter + b for a, b in parts for letter in ascii_lowercase}
    return (fewer | exchanged | wrong | more) - {word}
