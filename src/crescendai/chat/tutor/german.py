"""German questions, put into the English that the rules understand.

A question is recognised by its frame ("Wie übe ich …") and keeps its subject, word by word as far
as the subject's words are known.
"""

from __future__ import annotations

import re

from crescendai.chat.tutor.patterns import rule

_GERMAN = rule(
    r"\b(?:ich|mein\w*|mir|mich|du|dir|wie|warum|wieso|weshalb|welche\w*|wo|womit|und|nicht|"
    r"ist|war|kann|soll\w*|habe?|hast|hat|bei|beim|für|über|eine?[nmrs]?|der|die|das|den|dem|"
    r"diese[mnrs]?|sich|haben|hier|sticht|heraus|danke|hallo|guten|servus|moin|tschüss|bitte|\w*[äöüß]\w*|bedeutet|meisten|klavier|aufnahmen?|stelle\w*)\b"
)
_ENGLISH = rule(
    r"\b(?:the|is|my|what|how|why|do|did|does|can|should|i|you|it|and|of|for|to|me|in|on|a)\b"
)

_SUBJECTS: tuple[tuple[str, str], ...] = (
    (r"verwaschen\w*|verschwommen\w*|verschwimm\w*|matschig\w*|unsauber\w* pedal", "blurred pedal"),
    (r"pedal\w*", "pedal"),
    (r"gleichmäßig\w* tonleiter\w*", "even scales"),
    (r"halbe\w* pedal\w*|halbpedal\w*", "half pedal"),
    (
        r"timing|takt\w*|rhythm\w*|puls|gleichmäßig\w*|ungleichmäßig\w*|unruhig\w*|stabil\w*",
        "timing",
    ),
    (r"eile\w*|hetze\w*|renne\w*|schleppe\w*|gehetzt|schneller werde", "rushing"),
    (r"crescend\w*|diminuend\w*|dynami\w+|lautstärke", "dynamics"),
    (r"zu laut|lauter?", "too loud"),
    (r"leise\w*|pianissimo", "softly"),
    (r"anschlag\w*|hart\w*", "touch"),
    (r"artikulation\w*", "articulation"),
    (r"legato|gebunden\w*", "legato"),
    (r"staccato", "staccato"),
    (r"klangfarbe\w*|farbig\w*", "tone colour"),
    (r"klang\w*|ton(?:qualität)?", "tone"),
    (r"balance|stimmführung|linke\w* hand", "balance"),
    (r"ausdruck\w*|langweilig\w*|dramatisch\w*", "expressive"),
    (r"triller\w*", "trills"),
    (r"oktav\w+", "octaves"),
    (r"tonleiter\w*", "scales"),
    (r"arpeggi\w+", "arpeggios"),
    (r"terzen", "thirds"),
    (r"akkord\w*", "chords"),
    (r"polyrhythm\w*", "polyrhythms"),
    (r"verzierung\w*", "ornaments"),
    (r"sprüng\w+", "leaps"),
    (r"auswendig\w*", "memorise"),
    (r"lampenfieber|nervös\w*|aufgeregt", "nerves on stage"),
    (r"fingers[aä]tz\w*", "fingering"),
    (r"vom blatt", "sight-reading"),
    (r"langsamer?|schneller?|tempo", "tempo"),
)
_FRAMES: tuple[tuple[str, str], ...] = (
    (
        r"schmer[tz]\w*|\bweh\b|\btaub\w*|kribbel\w*|entzünd\w*|verletz\w*|sehnens\w*",
        "My hand hurts",
    ),
    (r"^\W*(?:ja|gerne?|okay|ok|mach das)\b(?:\W+(?:bitte|gerne?))*\W*$", "Yes please"),
    (r"^\W*(?:noch|eine andere|andere)\b.*\bübung", "Another one"),
    (r"nicht (?:geholfen|funktioniert|besser)|bringt nichts", "It did not help"),
    (
        r"^\W*(?:danke|(?:vielen|besten|herzlichen) dank)\b|tschüss|auf wiedersehen|bis bald",
        "Thanks",
    ),
    (
        r"wer bist du|(?:was|wobei|womit) kannst du|wie funktioniert (?:das|du|es|die\w*)\b|"
        r"^\W*hilfe\W*$",
        "What can you do?",
    ),
    (r"^\W*wie (?:klang|klingt) (?:das|es|ich)\b", "How was my recording?"),
    (r"falsche\w* (?:t[öo]n\w*|note\w*)|\bfehler\b|verspielt", "Did I play any wrong notes?"),
    (
        r"ander\w+ (?:leute\w*|nutzer\w*|schüler\w*|spieler\w*|pianist\w*)",
        "Show me other people's recordings",
    ),
    (r"was weißt du (?:über|von) mi\w+|meine ziele", "What do you know about me?"),
    (
        r"wie (?:sicher|zuverlässig|genau) (?:ist|bist|sind)|was (?:bedeutet|heißt|sagt).*"
        r"(?:wert|punkt|zahl|intervall|0[.,]\d)",
        "How sure are you?",
    ),
    (r"wie schnell|welche\w* tempo", "What was my tempo?"),
    (r"welche note|benote\w*|von zehn|begabt|talent\w*", "What grade would you give me?"),
    (
        r"(?:prüfung|vorspiel\w*|konzert|wettbewerb).*(?:woche|tag|morgen|bald|montag|freitag|samstag)"
        r"|(?:woche|morgen|bald|freitag|samstag).*(?:prüfung|vorspiel\w*|konzert|wettbewerb)",
        "I have an exam next week",
    ),
    (
        r"welche\w* stücke?\b|stücke? (?:empfehlen|vorschlagen|lernen)",
        "Which piece should I learn?",
    ),
    (
        r"vergleich\w*|besser geworden|werde ich (?:\w+ )*besser|verbessert|fortschritt\w*|"
        r"besser als|veränder\w*|entwickelt|entwicklung|"
        r"untersch(?:ied|eid)\w*.*aufnahme\w*|anders als",
        "Have I improved?",
    ),
    (r"(\d{1,3}) ?min(?:uten)?\b", r"Plan my practice, I have \1 minutes a day"),
    (r"halbe stunde", "Plan my practice, I have 30 minutes a day"),
    (r"\bplan\w*|übeplan\w*|wochenplan\w*|einteilen", "Plan my practice week"),
    (r"(\d{1,2}:\d\d)", r"What happens at \1?"),
    (
        r"(?:beste|stärkste|schönste|gelungenste)\w* (?:stelle|moment|teil|passage)\w*",
        "What is my strongest moment?",
    ),
    (
        r"(?:schlechteste|schwächste|schlimmste)\w* (?:stelle|moment|teil|passage)\w*",
        "What is my weakest moment?",
    ),
    (r"auffällig\w*|\bfällt\b.*\bauf\b|sticht|ungewöhnlich\w*", "What stands out most?"),
    (r"\bwo\b.*(?:schwank|wackel|stock|stolper)\w*", "Where does the timing waver?"),
    (r"\bwo\b.*(?:eile|hetze|renne|schleppe|werde)\w*", "Where do I rush?"),
    (
        r"was soll\w* ich (?:\w+ )*(?:üben|arbeiten|machen|verbessern|tun)|als nächstes|"
        r"womit (?:\w+ )*(?:anfangen|beginnen|fange)|woran (?:\w+ )*arbeit\w+|nächste\w* schritt",
        "What should I practise next?",
    ),
)
_WHY = rule(r"\b(?:warum|wieso|weshalb)\b|\b(?:ist|war|habe ich) .*\bzu\b|\bzu viel\b|\bzu wenig\b")
_HOW = rule(
    r"\bwie (?:übe|kann|soll\w*|spiele?|bekomme?|werde|lerne|vermeide|verbessere|schaffe|gelingt|"
    r"geht|funktioniert)\b|"
    r"\bübung\w*|\btipps?\b|\bhilf mir\b|\bprobleme? mit\b"
)
_TERM = re.compile(
    r"\bwas (?:bedeutet|heißt|ist|sind) (?:ein\w* )?([\w -]+?)\s*\??$", re.IGNORECASE
)
_OVERVIEW = rule(
    r"\bwie (?:war|fandest|klang|klingt|hat|habe ich)\b|"
    r"was (?:hältst|hörst|denkst|sagst|meinst) du|rückmeldung|feedback|"
    r"beurteil\w*|deine meinung|zusammenfass\w*|meine\w* (?:werte|ergebnis\w*|analyse)"
)
_HELLO = rule(r"^\W*(?:hallo|guten (?:tag|morgen|abend)|servus|grüß (?:dich|gott)|moin)\b\W*")


def is_german(text: str) -> bool:
    """Whether more of its words are German than English."""
    return len(_GERMAN.findall(text)) > len(_ENGLISH.findall(text))


def in_english(text: str) -> str:
    """The question as the rules understand it; what is not recognised stays as it is."""
    rest = _HELLO.sub("", text, count=1)
    if not rest.strip():
        return "Hello"
    for pattern, english in _FRAMES:
        found = rule(pattern).search(rest)
        if found is not None:
            return found.expand(english)
    subject = _subject(rest)
    if subject and _HOW.search(rest):
        return f"How do I practise {subject}?"
    if subject and _WHY.search(rest):
        return f"Why is my {subject} like that?"
    if _OVERVIEW.search(rest):
        return f"Tell me about my {subject}" if subject else "How was my recording?"
    term = _TERM.search(rest)
    if term is not None:
        return f"What does {subject or term[1]} mean?"
    return f"Tell me about my {subject}" if subject else text


def _subject(text: str) -> str:
    return next(
        (english for german, english in _SUBJECTS if rule(rf"\b(?:{german})\b").search(text)), ""
    )
