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
from functools import lru_cache

from crescendai.chat.tutor.german import is_german
from crescendai.evidence.check import claims_something, may_end_a_claim
from crescendai.evidence.ground import Focus, Ground
from crescendai.evidence.repair import Account, sentences, verified

LEFT_OUT = "… no, I can't show you that, so I leave it out."
LEFT_OUT_IN_GERMAN = "… nein, das kann ich dir nicht zeigen, also lasse ich es weg."
NOTHING_LEFT = (
    "I had something to say, but could not back it up from your recording or the library, so I "
    "would rather not. Ask me about one moment or one dimension, and I tell you what was measured."
)
RECITED_WORDS = 8
LONGEST_RUN = 160  # characters that hold so many words
LONGEST_WORD = 64  # characters that pass at once, and are remembered
LONGEST_TALK = 400  # characters of one sentence without a claim that are looked back on

_WORD = re.compile(r"[\w']+")
_MAY_END = re.compile(r"[.!?\]\n]")
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
        self._secret, self._secret_ends = _runs_of(secret)
        self._focus = Focus()
        self._sentence = ""  # the present one, with what was said of it already
        self._said = 0
        self._plain = 0  # so many characters of it claim nothing, up to the beginning of a word
        self._may_end = False
        self._before: list[str] = []  # the last words of what came before the sentence
        self._gave_up = False

    def passes(self, text: str) -> bool:
        """Whether more of the answer is talk that may be said as it is; if so it counts as said.

        What does not pass goes to :meth:`hear`.
        """
        sentence = self._sentence + text
        if self._may_end or self._said != len(self._sentence):
            return False
        new = sentence[self._plain :]
        if len(new) > LONGEST_WORD or not _is_talk(new, self._secret_ends):
            return False
        self._go_on(sentence)
        return True

    async def hear(self, text: str) -> str:
        """More of the answer; what may be said now."""
        self._sentence += text
        self._may_end = self._may_end or _MAY_END.search(text) is not None
        now = ""
        if self._may_end:
            *complete, last = sentences(self._sentence) or [""]
            if last.endswith("\n"):
                complete, last = [*complete, last], ""
            now = "".join([await self._finish(one) for one in complete])
            self._sentence, self._may_end = last, _MAY_END.search(last) is not None
        last = self._sentence
        if claims_something(last, self._plain) or self._recites(last, self._plain):
            return now
        now += last[self._said :]
        self._go_on(last)
        return now

    def _go_on(self, sentence: str) -> None:
        """All of it is said."""
        self._sentence, self._said = sentence, len(sentence)
        self._plain = sentence.rfind(" ") + 1
        if self._said > LONGEST_TALK:
            self._sentence, self._said, self._plain, self._may_end = "", 0, 0, False

    async def end(self) -> str:
        """The answer, or a part of it, is over; what is left to say."""
        rest, self._sentence, self._may_end = await self._finish(self._sentence), "", False
        return rest

    async def _finish(self, sentence: str) -> str:
        """What is left to say of a sentence that is complete."""
        head, self._said, self._plain = sentence[: self._said], 0, 0
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

    def _recites(self, text: str, since: int = 0) -> bool:
        """``since``: what stands before that place recites nothing."""
        if self._secret_ends.isdisjoint(_words(text[since:])):
            return False
        start = since - LONGEST_RUN
        words = _words(text[start:]) if start > 0 else [*self._before, *_words(text)]
        return any(run in self._secret for run in _runs(words))


@lru_cache(maxsize=8)
def _runs_of(secret: str) -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    """Every run of words that must not be said, and the words that end one."""
    runs = frozenset(_runs(_words(secret)))
    return runs, frozenset(run[-1] for run in runs)


@lru_cache(maxsize=4096)  # people, and models, say the same words again and again
def _is_talk(words: str, secret_ends: frozenset[str]) -> bool:
    """Whether whole words of a sentence end nothing, whatever stands before them."""
    if _MAY_END.search(words) or may_end_a_claim(words):
        return False
    return secret_ends.isdisjoint(_words(words))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _runs(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(words[n : n + RECITED_WORDS]) for n in range(len(words) - RECITED_WORDS + 1))
