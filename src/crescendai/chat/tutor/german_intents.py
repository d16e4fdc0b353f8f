"""Which German answer each intent has: the same intents as in English, none left out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from crescendai.chat.tutor import german_answers, german_library, german_recording
from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.intents import Intent, Kind

Answer = Callable[[Desk, Intent], Awaitable[None]]

ANSWERS: dict[Kind, Answer] = {
    **dict.fromkeys(german_answers.TALK, german_answers.talk),
    "greeting": german_answers.greet,
    "overview": german_answers.overview,
    "next": german_answers.work_on,
    "context": german_library.context,
    "compare": german_recording.compare,
    "moment": german_recording.tell_moment,
    "explain": german_recording.explain,
    "plan": german_recording.plan,
    "tempo": german_recording.tempo,
    "how_to": german_library.how_to,
    "question": german_library.question,
    "occasion": german_library.occasion,
    "repertoire": german_library.repertoire,
    "stuck": german_library.stuck,
}
