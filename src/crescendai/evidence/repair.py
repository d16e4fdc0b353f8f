"""Prose checked sentence by sentence: what fails is repaired once, or left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crescendai.evidence.check import Problem, Verdict, check_sentence
from crescendai.evidence.ground import Focus, Ground
from crescendai.evidence.schemas import Support, Verification

_END = re.compile(
    r"(?:(?<=[.!?])|(?<=[.!?][”\")])|(?<=[.!?][”\"] \[\d\])|(?<=\]))\s+(?=[A-ZÀ-Þ“„\"*(\d])|\n+"
)
_NO_END = re.compile(
    r"(?:\b(?:Op|No|Nos|BWV|K|cf|vs|bb|b|e\.g|i\.e|Mr|Dr|St)\.|\b[A-Z]\.|^\d+[.)])$"
)
_SURELY = re.compile(r"\b(?:clearly|definitely|certainly|plainly|unmistakably)\s+$", re.IGNORECASE)


@dataclass
class Account:
    """What a text has claimed so far, and what of it held."""

    claims: int = 0
    supported: int = 0
    repaired: int = 0
    dropped: int = 0
    support: list[Support] = field(default_factory=list)

    def verification(self) -> Verification:
        ratio = 1.0 if self.claims == 0 else self.supported / self.claims
        return Verification(
            claims=self.claims,
            supported=self.supported,
            repaired=self.repaired,
            dropped=self.dropped,
            supported_ratio=round(ratio, 4),
        )

    def rests_on(self, found: tuple[Support, ...]) -> None:
        for one in found:
            if one not in self.support:
                self.support.append(one)


def sentences(text: str) -> list[str]:
    """The text in sentences, each with the white space that follows it; joined they are the text.

    A quotation is not divided.
    """
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        said = text[start : match.start()]
        if "\n" not in match.group() and (_NO_END.search(said.strip()) or _is_open(said)):
            continue
        found.append(text[start : match.end()])
        start = match.end()
    return [*found, text[start:]] if start < len(text) else found


def _is_open(said: str) -> bool:
    return said.count("“") > said.count("”") or said.count('"') % 2 == 1


def verified(sentence: str, ground: Ground, focus: Focus, account: Account) -> tuple[str, Focus]:
    """The sentence as it may be said (empty if it may not), and what the next one is about."""
    verdict = check_sentence(sentence, ground, focus)
    account.claims += verdict.claims
    account.supported += verdict.claims - len(verdict.problems)
    if verdict.holds:
        account.rests_on(verdict.support)
        return sentence, verdict.focus
    mended = repaired(sentence, verdict)
    if mended is not None:
        again = check_sentence(mended, ground, focus)
        if again.holds:
            account.repaired += len(verdict.problems)
            account.rests_on(again.support)
            return mended, again.focus
    account.dropped += 1
    return "", focus


def repaired(sentence: str, verdict: Verdict) -> str | None:
    """The sentence with the truth in the place of what failed; None if it is not known."""
    for problem in sorted(verdict.problems, key=lambda p: -p.start):
        if problem.truth is None:
            return None
        sentence = _put_right(sentence, problem, problem.truth)
    return sentence


def _put_right(sentence: str, problem: Problem, truth: str) -> str:
    before, after = sentence[: problem.start], sentence[problem.end :]
    if problem.kind == "direction":
        return _SURELY.sub(f"{truth} ", before) + problem.said + after
    return before + truth + after


def verify_text(
    text: str,
    ground: Ground,
    account: Account,
    focus: Focus = Focus(),  # noqa: B008
) -> str:
    """The text without what does not hold."""
    kept = []
    for sentence in sentences(text):
        said, focus = verified(sentence, ground, focus, account)
        kept.append(said)
    return "".join(kept).strip() if "".join(kept) != text else text
