"""Words so common that they say nothing about what is looked for."""

from __future__ import annotations

_WORDS = """
a about above after again against all also am an and any are as at be because been before being
between both but by can could did do does doing don during each few for from further get go had
has have having he her here hers him his how i if in into is it its itself just let m me more
most much must my myself no nor not of off on once only or other our out over own re s same she
should so some such t than that the their them then there these they this those through to too
under until up upon ve very was we were what when where which while who whom why will with
without would you your yours
"""

STOP_WORDS = frozenset(_WORDS.split())
