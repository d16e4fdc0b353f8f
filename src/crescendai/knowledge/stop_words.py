"""Words that say nothing about what is looked for, in English and in a library on the piano.

Besides their lack of meaning they are dear: each stands in a large part of all chunks, and full
text has to weigh every one of them.
"""

from __future__ import annotations

_ENGLISH = """
a about above after again against all also am an and any are as at be because been before being
between both but by can could did do does doing don during each few for from further get go had
has have having he her here hers him his how i if in into is it its itself just let likely m
made make makes many me more most much must my myself no nor not of off on once one ones only or
other others our out over own re s same she should so some such t than that the their them then
there these they thing things this those through to too under until up upon use used uses using
ve very was way ways we were what when where which while who whom why will with without would
you your yours
"""
_HERE = "music musical piano pianos play played playing plays"

STOP_WORDS = frozenset((_ENGLISH + _HERE).split())
