"""The phrases by which intents are recognised. They match anywhere, in either case."""

from __future__ import annotations

import re


def rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


PAIN = rule(
    r"\b(?:pain|pian|painful|hurts?|hurting|ache[sd]?|aching|sore(?:ness)?|numb(?:n\w*)?|tingl\w+|"
    r"burning (?:sensation|feeling|forearms?|hands?|wrists?|fingers?|shoulders?)|inflam\w+|"
    r"(?:forearms?|hands?|wrists?|fingers?|shoulders?) (?:is |are |start to |starts to )?burn\w*|"
    r"painkillers?|ibuprofen|no feeling in|can(?:'|’)?t feel|"
    r"tendon\w*|tendinitis|carpal|rsi|injur\w+|swollen|cramp\w*|strained|"
    r"schmer[tz]\w*|t(?:ut|uht) (?:\w+ )*weh|weh\s?tut|verletz\w*|taubheit|kribbel\w*|"
    r"sehnenscheide\w*|entzünd\w*)\b"
)
GONE = rule(
    r"\b(?:gone|went away|healed|over|better now|no longer|any ?more|pain[- ]?free|vorbei|weg|"
    r"nicht mehr|besser)\b"
)
NOT_PAIN = rule(r"\bpainful(?:ly)? (?:to (?:hear|listen)|slow)|\bears? hurt")
HELLO = rule(
    r"^\s*(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening)|greetings)"
    r"(?: there| teacher| tutor)?(?:,? (?:good|nice|great) to see you)?\b[\s,.!]*"
)
THANKS = rule(r"\b(?:thanks|thank you|thx|cheers|bye|goodbye|see you)\b")
WHO = rule(
    r"\bwho are you|what (?:can|do) you do|how (?:do|can) you (?:work|help)|what are you\b"
    r"|how does (?:this|it) work|\bi(?:(?:'|’)m| am) new\b"
    r"|^\s*help\s*[.!?]*$"
)
CONTEXT = rule(
    r"\b(?:my goals?|my constraints|my context|know about me|my level|my repertoire)\b.*\?"
    r"|what do you know about me|what (?:have|did) i (?:told|tell) you"
)
SURE = r"\bhow (?:sure|certain|confident|accurate|reliable)\b"
SCORES = rule(
    r"\bwhat (?:does|do|is) (?:a|the|these|those|my)? ?(?:scores?|numbers?|intervals?|0\.\d+)\b.*"
    r"\b(?:mean|of)\b|\bis (?:a |an )?(?:score of )?0?\.\d+ (?:good|bad|ok|high|low)"
    r"|\b(?:good|bad|perfect|highest|best) scores?\b|\b80 ?% interval"
    rf"|{SURE}"
)
WRONG_NOTES = rule(
    r"\b(?:can|do|did|could) you (?:hear|find|count|tell|spot)\b.*\b(?:notes?|mistakes)\b"
    r"|\bdid i (?:play|hit|make)\b.*\b(?:notes?|mistakes)\b|\bhow many (?:wrong notes|mistakes)"
)
COMPARE = rule(
    r"\b(?:compar\w+|versus|vs|side by side|last two|two (?:recordings|takes|versions)|"
    r"(?:better|worse|different) than (?:before|last|yesterday|the (?:first|last|previous))|"
    r"differs? from (?:the|my) (?:previous|last|first|other|earlier|old)|"
    r"than (?:in|on) (?:the|my)|"
    r"(?:have|has|did|am) i (?:been )?(?:improv\w+|g[eo]t(?:ten)? better|getting better|"
    r"(?:making )?progress\w*)|"
    r"(?:have|has|did) my (?:recordings?|takes?|playing|performances?) (?:\w+ )?"
    r"(?:chang|improv|develop|evolv)\w*|"
    r"(?:has|have|what) changed (?:since|between|from)|"
    r"my progress)\b"
)
PACE = rule(
    r"\bhow (?:fast|slow(?:ly)?|quick(?:ly)?) (?:did|was|were|am|do|is) (?:i|it|that|this|my)\b"
    r"|\bwhat (?:was|is) (?:my|the) (?:tempo|speed)\b|\bhow many (?:beats|bpm)\b"
    r"|\bat what tempo\b|\bmy bpm\b"
)
MARK = rule(
    r"\b(?:what|which|a|my) (?:grade|mark)\b.*\b(?:me|i|get|give|this|it)\b|\bgrade (?:me|my|this)"
    r"|\bout of (?:ten|10|100|five|5)\b|\bam i (?:any )?(?:good|talented)\b|\brate (?:me|my|this)"
)
OCCASION = rule(
    r"\b(?:have|having|got|playing|there(?:'|’)?s|my) (?:\w+ ){0,3}(?:exam\w*|auditions?|recitals?|"
    r"concerts?|competitions?)\b.*\b(?:on|in|tomorrow|tonight|today|next|this|soon|days?|weeks?)\b"
)
REPERTOIRE = rule(
    r"\b(?:what|which) (?:\w+ ){0,2}(?:pieces?|repertoire|composers?|works?)\b.*"
    r"\b(?:learn|play|study|choose|pick|start|try)\b|"
    r"\bwhat (?:should|could|can|shall) i (?:learn|play|study) after\b|"
    r"\b(?:recommend|suggest)\b.*\bpieces?\b"
)
DID_NOT_WORK = rule(
    r"\b(?:did(?:n(?:'|’)?t| not)|does(?:n(?:'|’)?t| not)|is(?:n(?:'|’)?t| not)) "
    r"(?:really |quite )?(?:work\w*|help\w*)\b"
    r"|\bno (?:better|use|help|difference)\b|\bstill (?:the same|bad|not)\b"
)
PLAN = rule(
    r"\b(?:plan\w*|schedule|routine|timetable|organi[sz]e)\b.*\b(?:practi[sc]\w+|week|days?|"
    r"minutes|session|time|month)\b"
    r"|\b(?:practi[sc]\w+|weekly|week's|daily) (?:plan|schedule|routine)\b|\bplan (?:my|a|the)\b"
    r"|\b\d{1,3}[- ]?min(?:ute)?s?\b.*\b(?:day|today|practi[sc]\w+|only|have)\b"
    r"|\b(?:have|only|got) (?:about |only )?\d{1,3}[- ]?min|\bhow long should i practi[sc]e"
    r"|\bweek of practi[sc]e|\b(?:have|got|only) (?:\w+ )?(?:half an|an|one|two|1|2)[- ]hours?\b"
)
MINUTES = rule(r"\b(\d{1,3})[- ]?min(?:ute)?s?\b")
HOURS = rule(r"\b(half an|an|one|two|1|2)[- ]hours?\b( and a half)?")
HOUR_MINUTES = {"half an": 30, "an": 60, "one": 60, "1": 60, "two": 120, "2": 120}
NEXT = rule(
    r"\b(?:what|which|where|tell me what)\b.*\b(?:practi[sc]e|work on|focus|improve|fix|start|"
    r"next|do now|change|concentrate)\b|\bnext step|^\s*(?:what|and) next\b|what now"
)
START = rule(
    r"\bwhere (?:do|should|shall|can|would) (?:i|you|we) (?:start|begin)\b"
    r"|\bsomething to (?:practi[sc]e|work on)\b"
    r"|\bmy (?:biggest|main|greatest) (?:problem|weakness|issue|fault)\b"
)
PLACE = r"(?:moments?|parts?|bars?|passages?|sections?|places?|seconds|spots?|points?|bits?)"
STRONG = rule(
    rf"\bmy (?:strongest|best)\b|\b(?:strongest|best|nicest|most (?:convincing|beautiful)) "
    rf"{PLACE}"
    rf"|\b{PLACE} (?:is|was|were) (?:the |my )?(?:best|strongest|nicest)\b"
    r"|\bhighlights?\b|\bstrongest\b"
)
WEAK = rule(
    rf"\bmy (?:weakest|worst)\b|\b(?:weakest|worst|problem|trouble) {PLACE}|\bweakest\b"
    rf"|\b{PLACE} (?:is|was|were) (?:the |my )?(?:worst|weakest)\b"
    r"|\bgoes wrong\b|\bfalls? apart\b"
)
MOMENT = rule(
    r"\b(?:moments?|which (?:part|bars?|passage|section|seconds)|at what (?:time|point)|"
    r"where (?:do|did|am|is|does|was|in)|when (?:do|did|am|is|does)|most noticeable)\b"
)
STANDS_OUT = rule(
    r"^\s*where (?:is|was|are|were) .*\b\w{3,}est\b|"
    r"\bwhere (?:do|does|did) (?:the|it|my) .*\b(?:waver|wobble|falter|stumble|slip)\b|"
    r"\bstands? out\b|\bmost (?:unusual|striking|different)\b|\b(?:which|what) moment"
)
MINE = rule(
    r"\b(?:my|mine|i|i'm|score[sd]?|rating|so (?:high|low)|0\.\d+|did i|am i|do i|is it|was it)\b"
)
WHY = rule(
    r"\b(?:why|scores?|scored|rating|rated|result|so (?:high|low)|0\.\d+|did i|am i|was i|do i|"
    r"(?:is|was|wrong with|what about|tell me about|explain|that|and) my|and the|"
    r"how \w+ (?:was|is|did) (?:it|i|that|this|my)|does (?:it|this|that) sound|disagree|"
    r"(?:don(?:'|’)?t|do not) agree)\b"
    rf"|{SURE}"
)
ASKS_HOW = rule(r"\bhow (?:do|can|should|to|would|could)\b|\bway to\b|\bdo i (?:need|have)\b")
HOW = rule(
    r"\b(?:how (?:do|can|should|to|would|could|might)|way to|exercises?|drills?|tips?|help me|"
    r"fix\w*|improv\w+|practi[sc]\w+|get (?:better|rid)|avoid|learn|stop \w+ing|work on|"
    r"teach me|i keep \w+ing|(?:is|are|sounds?|gets?) (?:so |very |always |still )?"
    r"(?:uneven|sloppy|messy|jerky)|"
    r"stud(?:y|ies)|what can i do|can(?:'|’)?t|cannot|struggl\w+|trouble with|problems? with|"
    r"weak|stiff|clumsy|my [\w -]{2,30} (?:is|are|sounds?|gets?) too \w+)\b"
)
OVERVIEW = rule(
    r"\b(?:how (?:was|is|did) (?:it|i|that|this|my (?:playing|recording|performance))|"
    r"what d(?:o|id) you (?:think|hear)|how i (?:sound(?:ed)?|played|did)|"
    r"(?:any|your) (?:\w+ )?(?:thoughts?|impressions?|opinion)|"
    r"was (?:that|it|this) (?:any )?(?:good|okay|ok|all right)|"
    r"feedback|assess\w*|review|evaluate|listen to (?:my|this)|"
    r"(?:my|the) (?:scores?|results?|analysis)|overview|summar\w+|"
    r"how did i (?:play|sound|do)|how do i sound)\b"
    r"|\bhow was (?:the|my) \w+\s*[?.!]*$"
)
BARE = frozenset(
    ("fix", "improve", "change", "avoid", "solve", "mend", "help", "work", "drill", "better")
)
"""What a question about "that" or "it" may say without naming a subject of its own."""
CLOCK = rule(r"\b(\d{1,2}):([0-5]\d)\b")
OTHERS = rule(
    r"\b(?:(?:other|another) (?:user|person|people|pianist|student|player)|(?:some|every|any)"
    r"(?:one|body)(?: else)?)(?:s|(?:'|’)s|s(?:'|’))? (?:recordings?|playing|performances?|scores?|"
    r"analys[ei]s|feedback|conversations?|files?)\b"
)
NAMED_OTHER = re.compile(
    r"(?<=\s)[A-Z][a-zà-ÿ]+(?:'|’)s (?:recordings?|playing|performance|scores?|feedback)\b"
)
FOREIGN = rule(
    r"[\u0370-\u1fff\u2c00-\ud7ff\uf900-\ufdff]|[¿¡]|\b(?:wie|warum|ich|mein\w*|übe\w*|und|nicht|"
    r"klavier|comment|pourquoi|je|mes|est-ce|jouer|como|cómo|qué|porque|tocar|perché|suonare|hoe|"
    r"waarom)\b"
)
AGAIN = rule(r"\b(?:another|a different|different one|something else|other exercise|one more)\b")
YES = rule(
    r"^\s*(?:yes|yes please|yeah|sure|ok(?:ay)?|please|go on|go ahead|please do|more)\b[\s.!]*$"
)
OK = rule(r"^\s*(?:ok(?:ay)?|sure|yeah)\b[\s.!]*$")
FOLLOW_UP = rule(r"^\s*(?:why|how|how so|tell me more|more|and\b.*|what about\b.*|which)\s*[?.!]*$")
