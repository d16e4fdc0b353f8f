from __future__ import annotations

import pytest

from crescendai.chat.brief import Said
from crescendai.chat.tutor.german import in_english, is_german
from crescendai.chat.tutor.intents import Kind, hurt_before, minutes_in, read_intent
from crescendai.chat.tutor.vocabulary import content_words, dimensions_in, is_about_music

PEDAL = "pedal_clean_blurred"
TIMING = "timing_stable_unstable"

MESSAGES: list[tuple[str, Kind]] = [
    ("Hi!", "greeting"),
    ("Good morning", "greeting"),
    ("Thanks, that helps", "thanks"),
    ("What can you do?", "introduction"),
    ("help", "introduction"),
    ("My wrist hurts after octaves", "pain"),
    ("I feel tingling in my fingers, how do I practise thirds?", "pain"),
    ("Is it painful to listen to?", "question"),
    ("How was my recording?", "overview"),
    ("What do you think of it?", "overview"),
    ("Explain my scores", "overview"),
    ("Why is my pedal so blurred?", "explain"),
    ("Explain my timing score", "explain"),
    ("Do I rush?", "explain"),
    ("Is my interpretation convincing?", "explain"),
    ("What stands out most?", "moment"),
    ("What is the most unusual moment?", "moment"),
    ("Which is my weakest passage?", "moment"),
    ("Where do I rush?", "moment"),
    ("Where does the timing waver?", "moment"),
    ("What should I practise next?", "next"),
    ("Hello, what should I work on?", "next"),
    ("How do I practise trills?", "how_to"),
    ("Give me an exercise for voicing", "how_to"),
    ("What's the best way to practise octaves?", "how_to"),
    ("How can I make my pedalling cleaner?", "how_to"),
    ("What does una corda mean?", "question"),
    ("What is rubato?", "question"),
    ("How do I play faster?", "how_to"),
    ("How loud was it?", "explain"),
    ("How sure are you?", "scores"),
    ("I don't agree, my pedal was clean", "explain"),
    ("Is it better in the prelude than in the fugue?", "compare"),
    ("How was the fugue?", "overview"),
    ("What happens at 0:06?", "moment"),
    ("Give me an exercise", "next"),
    ("My left hand is too loud", "how_to"),
    ("Show me other users' recordings", "others"),
    ("What did Anna's recording sound like?", "others"),
    ("What's the weather today?", "question"),
    ("Compare my last two recordings", "compare"),
    ("Have I improved?", "compare"),
    ("How have my recordings changed?", "compare"),
    ("Has my playing changed since spring?", "compare"),
    ("Plan my week", "plan"),
    ("I have 20 minutes a day, what should I do?", "plan"),
    ("Make me a practice schedule", "plan"),
    ("What do you know about me?", "context"),
    ("hmm", "unclear"),
    ("What does a score of 0.7 mean?", "scores"),
    ("Is 0.7 good?", "scores"),
    ("Can you hear wrong notes?", "wrong_notes"),
    ("Is it bad that my dynamic range is little?", "explain"),
    ("I can't play softly, what can I do?", "how_to"),
    ("My fourth finger is weak", "how_to"),
    ("Was my tempo steady?", "explain"),
    ("How fast did I play?", "tempo"),
    ("What was my tempo?", "tempo"),
    ("What grade would you give me?", "mark"),
    ("I have an exam on Friday", "occasion"),
    ("what piece should I learn?", "repertoire"),
    ("ok", "unclear"),
    ("Hello there, I'm new here", "introduction"),
    ("Good evening!", "greeting"),
    ("Thank you so much", "thanks"),
    ("Bye, see you tomorrow", "thanks"),
    ("How does this work?", "introduction"),
    ("What are you able to do for me?", "introduction"),
    ("My thumb joint aches when I stretch", "pain"),
    ("There's a burning sensation in my forearm", "pain"),
    ("After an hour my hand goes numb", "pain"),
    ("Is it normal that my wrist hurts?", "pain"),
    ("What did you think of my playing?", "overview"),
    ("Give me some feedback please", "overview"),
    ("Tell me how I sounded", "overview"),
    ("Can you review my last recording?", "overview"),
    ("How did I do today?", "overview"),
    ("Was that any good?", "overview"),
    ("Any thoughts on my performance?", "overview"),
    ("What's your impression?", "overview"),
    ("Summarise the recording for me", "overview"),
    ("Why did I get such a high pedal score?", "explain"),
    ("Is my playing too loud?", "explain"),
    ("Was I rushing?", "explain"),
    ("Did I use too much pedal?", "explain"),
    ("How clear was my articulation?", "explain"),
    ("Is my tone too thin?", "explain"),
    ("Tell me about my dynamics", "explain"),
    ("Does it sound dramatic enough?", "explain"),
    ("What do you mean by blurred?", "question"),
    ("Which bit was the best?", "moment"),
    ("Where was I at my best?", "moment"),
    ("Which part should I be proud of?", "moment"),
    ("Show me the worst bit", "moment"),
    ("Where does it fall apart?", "moment"),
    ("Where did my timing slip?", "moment"),
    ("Where is the pedal muddiest?", "moment"),
    ("What went on at 1:12?", "moment"),
    ("Anything odd around 0:30?", "moment"),
    ("What's next?", "next"),
    ("What should I focus on this week?", "next"),
    ("What would you work on first?", "next"),
    ("Where do I start?", "next"),
    ("What's the one thing I should change?", "next"),
    ("Give me something to practise", "next"),
    ("What is my biggest problem?", "next"),
    ("How can I get rid of the mud in my pedalling?", "how_to"),
    ("Any tips for playing softly?", "how_to"),
    ("I keep rushing, help", "how_to"),
    ("Teach me to voice chords", "how_to"),
    ("How should I practise scales in thirds?", "how_to"),
    ("I struggle with polyrhythms", "how_to"),
    ("My trills are uneven", "how_to"),
    ("How do I memorise a fugue?", "how_to"),
    ("Exercise for an even left hand, please", "how_to"),
    ("How can I stop being nervous on stage?", "how_to"),
    ("How do I learn a new piece quickly?", "how_to"),
    ("What's a good fingering for C major?", "question"),
    ("What is half pedalling?", "question"),
    ("Define legato", "question"),
    ("Explain what agogic means", "question"),
    ("What's the difference between legato and legatissimo?", "question"),
    ("Who was Chopin?", "question"),
    ("Compare take 1 and take 2", "compare"),
    ("Is today's version better than yesterday's?", "compare"),
    ("Did I get better since last week?", "compare"),
    ("How does this take differ from the previous one?", "compare"),
    ("Which of my two recordings is better?", "compare"),
    ("Am I making progress?", "compare"),
    ("Show my progress", "compare"),
    ("Make a plan for 30 minutes a day", "plan"),
    ("I've got half an hour, how should I use it?", "plan"),
    ("What should a week of practice look like?", "plan"),
    ("Organise my practice week", "plan"),
    ("I only have 15 minutes today", "plan"),
    ("How should I divide 45 minutes of practice?", "plan"),
    ("Can you set up a daily routine for me?", "plan"),
    ("What do you know about my goals?", "context"),
    ("What have I told you about myself?", "context"),
    ("How reliable are these numbers?", "scores"),
    ("What does the interval mean?", "scores"),
    ("Is 0.4 bad?", "scores"),
    ("Did I play any wrong notes?", "wrong_notes"),
    ("How many mistakes did I make?", "wrong_notes"),
    ("Can you tell which notes I missed?", "wrong_notes"),
    ("Let me hear somebody else's recording", "others"),
    ("At what tempo did I play?", "tempo"),
    ("How many bpm was that?", "tempo"),
    ("Grade my performance", "mark"),
    ("Am I talented?", "mark"),
    ("Out of ten, how was it?", "mark"),
    ("My recital is next week", "occasion"),
    ("I have an audition in three days", "occasion"),
    ("Can you recommend an easy piece by Bach?", "repertoire"),
    ("What should I learn after the Moonlight Sonata?", "repertoire"),
    ("Tell me a joke", "question"),
    ("What is the capital of France?", "question"),
    ("asdf", "unclear"),
    ("???", "unclear"),
    ("Hey, good to see you", "greeting"),
    ("Cheers, that was useful", "thanks"),
    ("So what are you able to help with?", "introduction"),
    ("My elbow is sore since yesterday", "pain"),
    ("Give me your honest opinion of that take", "overview"),
    ("So, how did that one go?", "overview"),
    ("Why does my left pedal score look so high?", "explain"),
    ("Is my touch too hard?", "explain"),
    ("Where do I slow down?", "moment"),
    ("Point me to the nicest passage", "moment"),
    ("What's at 0:18?", "moment"),
    ("What ought I to work on tomorrow?", "next"),
    ("Which thing would help me most to practise?", "next"),
    ("How might I practise repeated notes?", "how_to"),
    ("I'd like a drill for staccato", "how_to"),
    ("My octaves are always stiff, what can I do?", "how_to"),
    ("What does tenuto mean?", "question"),
    ("What's a mordent?", "question"),
    ("Put today's take beside last week's and compare", "compare"),
    ("Am I getting better?", "compare"),
    ("I've only got 25 minutes a day, plan it", "plan"),
    ("Draw up a practice plan for the week", "plan"),
    ("How certain are those scores?", "scores"),
    ("Did I hit wrong notes?", "wrong_notes"),
    ("What's my bpm?", "tempo"),
    ("Rate my playing", "mark"),
    ("My exam is in two weeks", "occasion"),
    ("Suggest a piece for me to learn", "repertoire"),
    ("What do you remember about me? What did I tell you?", "context"),
    ("May I hear another student's recording?", "others"),
]
GERMAN: list[tuple[str, Kind, tuple[str, ...]]] = [
    ("Hallo!", "greeting", ()),
    ("Guten Abend", "greeting", ()),
    ("Danke dir", "thanks", ()),
    ("Vielen Dank, tschüss", "thanks", ()),
    ("Was kannst du?", "introduction", ()),
    ("Wer bist du?", "introduction", ()),
    ("Mir tut das Handgelenk weh", "pain", ()),
    ("Ich habe Schmerzen im Unterarm, wie übe ich Oktaven?", "pain", ()),
    ("Meine Finger kribbeln beim Spielen", "pain", ()),
    ("Wie war meine Aufnahme?", "overview", ()),
    ("Wie fandest du mein Spiel?", "overview", ()),
    ("Was hältst du davon?", "overview", ()),
    ("Gib mir bitte Feedback", "overview", ()),
    ("Warum ist mein Pedal so verwaschen?", "explain", (PEDAL,)),
    ("Wieso ist mein Timing so unruhig?", "explain", (TIMING,)),
    ("Habe ich zu viel Pedal genommen?", "explain", ()),
    ("Was soll ich als Nächstes üben?", "next", ()),
    ("Womit soll ich anfangen?", "next", ()),
    ("Woran soll ich diese Woche arbeiten?", "next", ()),
    ("Wie übe ich Triller?", "how_to", ()),
    ("Wie kann ich meine Oktaven verbessern?", "how_to", ()),
    ("Hast du eine Übung für das Pedal?", "how_to", ()),
    ("Wie lerne ich ein Stück auswendig?", "how_to", ()),
    ("Hilf mir bei den Polyrhythmen", "how_to", ()),
    ("Was fällt am meisten auf?", "moment", ()),
    ("Was fällt an dieser Aufnahme auf?", "moment", ()),
    ("Was fällt dir an meinem Spiel auf?", "moment", ()),
    ("Was sticht in dieser Aufnahme heraus?", "moment", ()),
    ("Was ist an dieser Aufnahme ungewöhnlich?", "moment", ()),
    ("Wo schwankt das Timing?", "moment", (TIMING,)),
    ("Was hörst du in dieser Aufnahme?", "overview", ()),
    ("Was sagst du zu meinem Spiel?", "overview", ()),
    ("Wie haben sich meine Aufnahmen verändert?", "compare", ()),
    ("Wie hat sich mein Spiel verändert?", "compare", ()),
    ("Was hat sich seit der letzten Aufnahme verändert?", "compare", ()),
    ("Wie habe ich mich entwickelt?", "compare", ()),
    ("Werde ich besser?", "compare", ()),
    ("Worin unterscheiden sich meine beiden Aufnahmen?", "compare", ()),
    ("Wie übe ich gleichmäßige Tonleitern?", "how_to", ()),
    ("Wie gelingt das halbe Pedal?", "how_to", ()),
    ("Wie funktioniert halbes Pedal?", "how_to", ()),
    ("Wie funktioniert das hier?", "introduction", ()),
    ("Welche war meine beste Stelle?", "moment", ()),
    ("Zeig mir die schwächste Passage", "moment", ()),
    ("Wo eile ich?", "moment", (TIMING,)),
    ("Was passiert bei 0:12?", "moment", ()),
    ("Vergleich meine letzten beiden Aufnahmen", "compare", ()),
    ("Bin ich besser geworden?", "compare", ()),
    ("Mach mir einen Übeplan", "plan", ()),
    ("Ich habe 20 Minuten am Tag", "plan", ()),
    ("Was bedeutet una corda?", "question", ()),
    ("Was ist Legato?", "question", ()),
    ("Was bedeutet der Wert 0,7?", "scores", ()),
    ("Wie sicher bist du?", "scores", ()),
    ("Habe ich falsche Töne gespielt?", "wrong_notes", ()),
    ("Welches Tempo hatte ich?", "tempo", ()),
    ("Welche Note gibst du mir?", "mark", ()),
    ("Ich habe nächste Woche eine Prüfung", "occasion", ()),
    ("Welches Stück soll ich lernen?", "repertoire", ()),
    ("Zeig mir die Aufnahmen anderer Schüler", "others", ()),
    ("Was weißt du über mich?", "context", ()),
    ("Grüß dich", "greeting", ()),
    ("Besten Dank, das hilft mir", "thanks", ()),
    ("Wobei kannst du mir helfen?", "introduction", ()),
    ("Mein Daumen schmerzt seit gestern", "pain", ()),
    ("Wie fandest du diese Aufnahme?", "overview", ()),
    ("Wie klang das?", "overview", ()),
    ("Warum klingt mein Pedal so matschig?", "explain", ()),
    ("Ist mein Anschlag zu hart?", "explain", ()),
    ("Wo schleppe ich?", "moment", ()),
    ("Was war meine schönste Stelle?", "moment", ()),
    ("Was ist bei 0:18 los?", "moment", ()),
    ("Was sollte ich morgen üben?", "next", ()),
    ("Womit fange ich am besten an?", "next", ()),
    ("Wie übe ich Tonleitern in Terzen?", "how_to", ()),
    ("Gib mir eine Übung für Staccato", "how_to", ()),
    ("Was bedeutet tenuto?", "question", ()),
    ("Was ist ein Mordent?", "question", ()),
    ("Vergleiche die beiden letzten Aufnahmen", "compare", ()),
    ("Habe ich Fortschritte gemacht?", "compare", ()),
    ("Ich habe nur 25 Minuten am Tag", "plan", ()),
    ("Erstelle mir einen Wochenplan", "plan", ()),
    ("Wie zuverlässig sind diese Werte?", "scores", ()),
    ("Habe ich mich verspielt?", "wrong_notes", ()),
    ("Wie schnell habe ich gespielt?", "tempo", ()),
    ("Bin ich begabt?", "mark", ()),
    ("In zwei Wochen habe ich ein Vorspiel", "occasion", ()),
    ("Welche Stücke könntest du mir empfehlen?", "repertoire", ()),
    ("Was weißt du von mir?", "context", ()),
    ("Kann ich die Aufnahme eines anderen Schülers hören?", "others", ()),
    ("Erzähl mir einen Witz", "question", ()),
]


@pytest.mark.parametrize(("message", "kind"), MESSAGES)
def test_the_kind_of_question(message: str, kind: Kind) -> None:
    assert read_intent(message).kind == kind


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len({message for message, _ in MESSAGES}) >= 150
    assert not any(is_german(message) for message, _ in MESSAGES)


@pytest.mark.parametrize(("message", "kind", "keys"), GERMAN)
def test_german_questions(message: str, kind: Kind, keys: tuple[str, ...]) -> None:
    assert is_german(message)
    intent = read_intent(in_english(message))
    assert intent.kind == kind
    assert set(keys) <= set(intent.keys)


def test_pain_is_remembered_until_it_is_over() -> None:
    hurts = Said("user", "My wrist hurts after octaves")
    careful = Said("assistant", "Please stop playing for today.")
    assert hurt_before((hurts, careful))
    assert not hurt_before((hurts, careful, Said("user", "The pain is gone now")))
    assert not hurt_before((Said("user", "It was painful to listen to"),))
    assert not hurt_before((careful, Said("assistant", "If it hurts, stop.")))
    assert read_intent("The pain is gone", (hurts, careful)).kind == "acknowledged"
    assert read_intent("The pain is gone, but my hand is numb").kind == "pain"


def test_a_follow_up_keeps_its_topic() -> None:
    history = (
        Said("user", "Why is my pedal so blurred?"),
        Said("assistant", "Pedal clarity is at 0.71. If not, I can give you an exercise for it."),
    )
    assert read_intent("yes please", history).kind == "how_to"
    assert read_intent("Yes", history).keys == (PEDAL,)
    assert read_intent("another one", history).again
    assert read_intent("why?", history).kind == "explain"
    assert read_intent("What should I practise next?", history).kind == "next"
    assert read_intent("How do I fix that?", history).keys == (PEDAL,)
    assert read_intent("Give me an exercise", history).again
    assert read_intent("and at 1:05?", history).at_sec == 65


def test_what_did_not_work_and_a_plain_ok_are_follow_ups() -> None:
    history = (
        Said("user", "How do I clean up my blurred pedal?"),
        Said("assistant", "**Freeze and name** [1] Play and freeze.\n\nTen minutes a day."),
    )
    tried = read_intent("that didn't work", history)
    assert (tried.kind, tried.keys) == ("stuck", (PEDAL,))
    assert read_intent("ok", history).kind == "acknowledged"
    assert read_intent("it doesn't help", history).kind == "stuck"


def test_an_exercise_and_its_offer_do_not_change_the_topic() -> None:
    history = (
        Said("assistant", "Pedal clarity is at 0.43. It leans to clean. Legato needs no haste."),
        Said("assistant", "**Freeze and name** [1] Play at full tempo and freeze."),
    )
    assert read_intent("another one", history).keys == (PEDAL,)
    offer = Said("assistant", "Your pedal is clean.\n\nShall I give you an exercise for timing?")
    assert read_intent("yes", (*history, offer)).keys == (TIMING,)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Was my tempo steady?", (TIMING,)),
        ("a steadier tempo", (TIMING,)),
        ("the tempo", ("music_making_fast_slow",)),
        ("my pedal is muddy", (PEDAL,)),
        ("the pedal", (PEDAL, "pedal_sparse_saturated")),
        ("I rush in the fast bars", (TIMING,)),
        ("it sounds harsh", ("dynamic_sophisticated_raw",)),
        ("Where do I live", ()),
    ],
)
def test_dimensions_in_a_pianists_words(text: str, keys: tuple[str, ...]) -> None:
    assert dimensions_in(text) == keys


@pytest.mark.parametrize(
    ("line", "minutes"),
    [
        ("20 minutes a day", 20),
        ("only 15-min sessions", 15),
        ("an hour on Sundays", 60),
        ("half an hour", 30),
        ("an hour and a half", 90),
        ("small hands", None),
    ],
)
def test_practice_time(line: str, minutes: int | None) -> None:
    assert minutes_in([line]) == minutes


def test_words_of_a_question() -> None:
    assert content_words("What does una corda mean?") == ["una", "corda"]
    assert is_about_music("How do I learn a fugue?")
    assert not is_about_music("What is the capital of France?")
