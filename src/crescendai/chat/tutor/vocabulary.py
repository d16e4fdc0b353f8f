"""The words pianists use, and the dimensions they mean by them."""

from __future__ import annotations

import re

_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"(?:tempo|pace|speed) (?:was |is |always |really |very |at all )*(?:un)?(?:stead\w+|even|"
        r"constant|stable)|(?:stead\w+|even|constant|stable) (?:tempo|pace|speed)|"
        r"timing|keeping time|rhythm\w*|pulse|beat|rush\w*|drag\w*|unstead\w+|"
        r"stead(?:y|ier|iness)|rubato|metronome|unstable|uneven rhythm|hesitat\w+",
        ("timing_stable_unstable",),
    ),
    (
        r"legato|staccato|note lengths?|choppy|connected|detached|short notes|long notes|joined",
        ("articulation_short_long",),
    ),
    (
        r"attack|touch|hard|percussive|bang(?:ing|s)?|cushioned|hammer\w*",
        ("articulation_soft_hard",),
    ),
    (r"articulation", ("articulation_short_long", "articulation_soft_hard")),
    (
        r"blur\w*|mudd\w+|smear\w*|cle(?:an|ar)(?:er)? pedal\w*|pedal (?:clarity|changes?)|"
        r"pedal\w* (?:clear|clean)\w*"
        r"|half[- ]pedal\w*",
        ("pedal_clean_blurred",),
    ),
    (
        r"too much pedal|less pedal|more pedal|over-?pedal\w*|dry|wet|saturated|amount of pedal",
        ("pedal_sparse_saturated",),
    ),
    (r"pedal\w*|sustain", ("pedal_clean_blurred", "pedal_sparse_saturated")),
    (r"monochrome|colou?r\w*|tone colou?rs?|even timbre", ("timbre_even_colorful",)),
    (
        r"thin|tinny|shallow|rich(?:er|ness)?|full(?:er|ness)|body|full tone",
        ("timbre_shallow_rich",),
    ),
    (r"bright\w*|brillian\w+|dark (?:tone|sound|timbre)|dull", ("timbre_bright_dark",)),
    (r"loud\w*|volume|too soft|quiet\w*|soft(?:er|ly)", ("timbre_soft_loud",)),
    (
        r"timbre|tone|sound quality",
        ("timbre_shallow_rich", "timbre_even_colorful", "timbre_bright_dark", "timbre_soft_loud"),
    ),
    (r"harsh\w*|crude|raw|rough|mellow|sophisticated|refine\w*", ("dynamic_sophisticated_raw",)),
    (
        r"dynamic range|range|contrasts?|pianissimo|fortissimo|crescendo\w*|diminuendo\w*",
        ("dynamic_range_little_large",),
    ),
    (r"dynamics?", ("dynamic_range_little_large", "dynamic_sophisticated_raw")),
    (
        r"tempo|pace|speed|too fast|too slow|slower|faster|fast[- ]paced|slow[- ]paced",
        ("music_making_fast_slow",),
    ),
    (r"flat|spacious\w*|space|depth|two-dimensional|breath\w*", ("music_making_flat_spacious",)),
    (
        r"balance\w*|proportion\w*|disproportion\w*|voicing|melody (?:over|above)|"
        r"left hand too|drown\w*",
        ("music_making_disproportioned_balanced",),
    ),
    (r"dramatic|drama|expressi\w+|pure|boring|emotionless", ("music_making_pure_dramatic",)),
    (r"mood|optimistic|pleasant|gloom\w*|sad|cheerful|emotion\w*", ("emotion_optimistic_dark",)),
    (r"energy|energetic|lifeless|vitality|tired sounding", ("emotion_low_high_energy",)),
    (r"imaginat\w+|honest\w*|ideas of my own", ("emotion_honest_imaginative",)),
    (
        r"interpret\w+|convinc\w+|persuasive|unsatisfactory",
        ("interpretation_unsatisfactory_convincing",),
    ),
)
_PATTERNS = tuple((re.compile(rf"\b(?:{words})\b"), keys) for words, keys in _WORDS)

_MUSIC = re.compile(
    r"\b(?:pian\w+|play\w*|music\w*|keys?|keyboard|notes?|chords?|scales?|arpeggi\w+|octaves?|"
    r"practi[sc]\w+|pieces?|bars?|measures?|hands?|finger\w*|wrist\w*|arms?|thumbs?|repertoire|"
    r"sonat\w+|nocturne\w*|prelude\w*|fugue\w*|etudes?|études?|waltz\w*|mazurka\w*|concert\w*|"
    r"editions?|urtext|wtc|clavier|inventions?|goldberg|arias?|bach|mozart|haydn|beethoven|chopin|schubert|schumann|brahms|liszt|debussy|ravel|satie|"
    r"czerny|hanon|scarlatti|bart[oó]k|rachmaninov|prokofiev|trills?|polyrhythm\w*|ornament\w*|leaps?|"
    r"sight[- ]?read\w*|memor\w+|perform\w*|stage|nerv\w+|record\w*|teacher|lessons?|phras\w+|"
    r"voic\w+|harmon\w+|melod\w+|accompan\w+|posture|bench|warm\w*|technique|exercise\w*|"
    r"learn\w*)\b"
)
_FILLER = frozenset(
    re.findall(
        r"[a-z']+",
        """a about again all also am an and any are as at be been being better but by can can't
        cannot could define did do does doesn't don't exercise exercises explain for
        from get give good had has have help her here him his how i i'm if improve in
        into is isn't it it's its just know like make me mean means more most much my
        need not of on one or our piano play playing please practice practise really say
        should so some tell than that the their them then there these they thing this
        those to too try us use very want was way we well were what when where which who
        why will with would you your""",
    )
)


def dimensions_in(text: str) -> tuple[str, ...]:
    """The dimension keys that a text speaks of, in the order in which their words stand in it.

    A word that could mean several dimensions counts only where no more exact word has matched.
    """
    low = text.lower()
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, tuple[str, ...]]] = []
    for pattern, keys in _PATTERNS:
        for match in pattern.finditer(low):
            if any(match.start() < end and match.end() > start for start, end in taken):
                continue
            vague = len(keys) > 1 and any(set(keys) & set(other) for _, other in found)
            taken.append(match.span())
            if not vague:
                found.append((match.start(), keys))
    ordered = [key for _, keys in sorted(found) for key in keys]
    return tuple(dict.fromkeys(ordered))


def is_about_music(text: str) -> bool:
    return bool(_MUSIC.search(text.lower())) or bool(dimensions_in(text))


def content_words(text: str) -> list[str]:
    """The words of a question that a passage answering it would share."""
    words = re.findall(r"[a-zà-ÿ'-]+", text.lower())
    return [word for word in words if len(word) > 2 and word not in _FILLER]
