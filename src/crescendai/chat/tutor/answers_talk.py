"""Answers that need no recording: greetings, who I am, pain, a question back."""

from __future__ import annotations

from crescendai.chat.tutor import patterns
from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.intents import Intent
from crescendai.chat.tutor.phrases import NOT_ENGLISH, source
from crescendai.kit.prose import listed


async def greeting(desk: Desk, _: Intent) -> None:
    name = desk.filename(desk.brief.recording_id) if desk.brief.recording_id else None
    if name is None:
        desk.say(
            "Hello. I haven't heard you play yet. Upload a recording, even a minute from a phone, "
            "or ask me about anything you are practising."
        )
        return
    desk.say(
        f"Hello. I have listened to “{name}”. Shall we begin with what stands out in it, or is "
        "there a passage that is bothering you?"
    )


async def thanks(desk: Desk, _: Intent) -> None:
    desk.say("You're welcome. Record the same passage again in a few days, and we'll compare.")


async def introduction(desk: Desk, _: Intent) -> None:
    desk.say(
        "I listen to your recordings and help you practise. I can tell you what stands out in a "
        "recording and how sure that is, find the moments that differ from the rest, explain a "
        "score or a term, choose an exercise, plan your practice time, and compare two recordings."
    )
    desk.say(
        "What I say about your playing comes from the analysis; what I say about practising I "
        "quote from the library, with its source. I hear sound only: I can't see your hands, and I "
        "don't know the score you play from."
    )


async def scores(desk: Desk, _: Intent) -> None:
    desk.say(
        "A score places your playing between two poles, such as clean and blurred for the pedal: 0 "
        "is wholly the one, 1 wholly the other, and the middle is neither. It is not a mark. A "
        "dark tone or a blurred pedal can be just what a piece asks for."
    )
    desk.say(
        "The interval beside it says how sure I am: eight times in ten, listeners would place the "
        "playing inside it. Where it takes in the middle of the scale, I call the score a lean and "
        "would not build much on it.",
        "Which of your scores would you like to look at?" if desk.brief.recording_id else "",
    )


async def mark(desk: Desk, _: Intent) -> None:
    desk.say(
        "I don't give marks: a mark needs a score to hold your playing against, and a panel. What "
        "I can say is what stands out, how sure that is, and what would gain most from practice."
    )
    desk.say("Shall I begin with how your recording sounds?" if desk.brief.recording_id else "")


async def acknowledged(desk: Desk, _: Intent) -> None:
    if patterns.PAIN.search(desk.brief.message):
        desk.say(
            "I'm glad to hear it. Begin slowly and softly, a few minutes at a time, and stop at "
            "the first sign of it. What would you like to begin with?"
        )
        return
    desk.say(
        "Good. Play it when you are ready, and record it again; or ask me for what comes next."
    )


async def others(desk: Desk, _: Intent) -> None:
    desk.say(
        "I can listen only to what you have uploaded yourself; other people's recordings are "
        "theirs. If they give you the file, upload it, and I can set it beside yours."
    )


async def wrong_notes(desk: Desk, _: Intent) -> None:
    desk.say(
        "I can't tell a wrong note from a right one: I hear what you play, but I don't know the "
        "score. Listen to your recording with the score in your hand and mark the bars where you "
        "stumble. Ask me about those places, and I can tell you how they sound beside the rest."
    )


async def pain(desk: Desk, _: Intent) -> None:
    desk.say(
        "Please stop playing for today. Pain, numbness or tingling is not something to practise "
        "through, and I can't judge it from a recording. See a doctor or a physiotherapist who "
        "knows musicians before you go on."
    )
    words = ("hurts", "stop", "rest", "doctor", "physiotherapist", "professional")
    for hit in await desk.search("If playing hurts, stop, rest, and see a doctor"):
        quote = desk.reader.sentence(hit, words)
        if quote is not None and "stop" in quote and not quote.startswith("Pain is"):
            desk.say(f"{source(hit)} “{quote}” {desk.cite(hit, quote)}")
            break
    desk.say(
        "I won't give you an exercise for it. Until it has been looked at, listening, reading the "
        "score and planning fingerings all count as practice."
    )


async def hurt_before(desk: Desk, _: Intent) -> None:
    desk.say(
        "You told me that something hurts. As long as it does, I won't give you anything to play: "
        "stop, and have it looked at by a doctor or a physiotherapist who knows musicians. Has it "
        "gone? Then tell me so, and we begin slowly."
    )


async def context(desk: Desk, _: Intent) -> None:
    known = await desk.context()
    told = []
    if known.goals:
        told.append(f"your goals: {'; '.join(known.goals)}")
    if known.constraints:
        told.append(f"what limits you: {'; '.join(known.constraints)}")
    if known.repertoire:
        told.append(f"what you play: {'; '.join(known.repertoire)}")
    if known.experience_level:
        told.append(f"your level: {known.experience_level}")
    if known.feedback_style:
        told.append(f"the feedback you like: {known.feedback_style}")
    if not told:
        desk.say(
            "Nothing yet. Tell me under “About you” what you are working towards, how many minutes "
            "a day you have, and anything that limits you, such as small hands."
        )
        return
    desk.say(f"You told me {listed(told)}. You can change it under “About you”.")


async def unclear(desk: Desk, _: Intent) -> None:
    if patterns.FOREIGN.search(desk.brief.message):
        desk.say(NOT_ENGLISH)
        return
    if desk.brief.recording_id is None:
        desk.say(
            "I'm not sure what you would like. Is it about a piece you are practising, or shall I "
            "listen to a recording of yours first?"
        )
        return
    desk.say(
        "I'm not sure what you mean. Shall I tell you what stands out in your recording, or what "
        "to practise next?"
    )
