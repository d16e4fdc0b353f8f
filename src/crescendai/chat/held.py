"""Lets an answer stream, but holds each sentence that claims something until it is checked.

    a sentence …                                   is
    ─────────────────────────────────────────────  ─────────────────────────────────────────────────
    of plain talk                                  said as it comes
    with a number, a quotation, a mark, a word     held from that word to its end, then said, said
    for a dimension or a pole, or what no          as repaired once, or left out
    recording can tell
    that recites what the tutor was told to be     cut where it shows

Where the beginning of a sentence was said before it turned out to claim what does not hold, the
rest says that it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence

from crescendai.chat.tutor.german import is_german
from crescendai.evidence.check import claims_something
from crescendai.evidence.ground import Focus, Ground
from crescendai.evidence.repair import Account, sentences, verified

LEFT_OUT = "… no, I can't show you that, so I leave it out."
LEFT_OUT_IN_GERMAN = "… nein, das kann ich dir nicht zeigen, also lasse ich es weg."
NOTHING_LEFT = (
    "I had something to say, but could not back it up from your recording or the library, so I "
    "would rather not. Ask me about one moment or one dimension, and I tell you what was measured."
)
RECITED_WORDS = 8
LONGEST_TALK = 400  # characters of one sentence without a claim that are looked back on

_WORD = re.compile(r"[\w']+")
_BARE = re.compile(r"[„“][^“”]+[“”]|\"[^\"]+\"|\[\d{1,3}\]|\d{1,2}:\d\d|\d+(?:[.,]\d+)?")
_STRAY_MARK = re.compile(r"(?:,? and|,)?\s*\[(\d{1,3})\]")
_TEMPO_TO_TRY = re.compile(
    r"\b(?:metronome|practi[sc]e|try|start|begin|set|aim|work)\b[^.]*?\b\d+(?: ?bpm| beats)", re.I
)
_HOW_IT_WAS = re.compile(
    r"\b(?:you (?:play|took|take|kept|keep|are|were)|your (?:tempo|take))", re.I
)
_TEMPO = re.compile(r"\b\d+(?: ?bpm| beats (?:a|per) minute)", re.I)


class Held:
    """``ground`` is asked for when there is something to check. ``secret`` must not be recited."""

    def __init__(self, ground: Callable[[], Awaitable[Ground]], secret: str = "") -> None:
        self.account = Account()
        self._ground = ground
        self._secret = frozenset(_runs(_words(secret)))
        self._focus = Focus()
        self._sentence = ""  # the present one, with what was said of it already
        self._said = 0
        self._before: list[str] = []  # the last words of what came before the sentence
        self._gave_up = False

    async def hear(self, text: str) -> str:
        """More of the answer; what may be said now."""
        self._sentence += text
        *complete, last = sentences(self._sentence) or [""]
        if last.endswith("\n"):
            complete, last = [*complete, last], ""
        now = "".join([await self._finish(one) for one in complete])
        self._sentence = last
        if claims_something(last) or self._recites(last):
            return now
        now += last[self._said :]
        self._said = len(last)
        if self._said > LONGEST_TALK:
            self._sentence, self._said = "", 0
        return now

    async def end(self) -> str:
        """The answer, or a part of it, is over; what is left to say."""
        rest, self._sentence = await self._finish(self._sentence), ""
        return rest

    async def _finish(self, sentence: str) -> str:
        """What is left to say of a sentence that is complete."""
        head, self._said = sentence[: self._said], 0
        checked = sentence
        if self._recites(sentence):
            self.account.dropped += 1
            checked = ""
        elif claims_something(sentence):
            checked = await self._checked(sentence)
        self._before = [*self._before, *_words(sentence)][-RECITED_WORDS + 1 :]
        if checked.startswith(head) and checked:
            return checked[len(head) :]
        space = sentence[len(sentence.rstrip()) :]
        if not head.strip():
            return "\n" * space.count("\n")
        gave_up, self._gave_up = self._gave_up, True
        refusal = LEFT_OUT_IN_GERMAN if is_german(sentence) else LEFT_OUT
        return ("…" if gave_up else refusal) + space

    async def _checked(self, sentence: str) -> str:
        ground = await self._ground()
        if is_german(sentence):
            return self._checked_bare(sentence, ground)
        known = _STRAY_MARK.sub(lambda m: m[0] if m[1] in ground.cited else "", sentence)
        tried = bool(_TEMPO_TO_TRY.search(known)) and not _HOW_IT_WAS.search(known)
        asked = _TEMPO.sub("that tempo", known) if tried else known
        said, self._focus = verified(asked, ground, self._focus, self.account)
        return known if said == asked else said

    def _checked_bare(self, sentence: str, ground: Ground) -> str:
        """Of German only numbers, places, quotations and marks are checked, and not put right.

        Which dimension a number is said of is not understood: any that has it will do.
        """
        bare = " ".join(match[0] for match in _BARE.finditer(sentence))
        said, _ = verified(bare, ground, Focus(), self.account)
        return sentence if said == bare else ""

    def _recites(self, text: str) -> bool:
        words = [*self._before, *_words(text)]
        return bool(self._secret) and any(run in self._secret for run in _runs(words))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _runs(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(words[n : n + RECITED_WORDS]) for n in range(len(words) - RECITED_WORDS + 1))
