"""What must not be left to a guess: a plain wish for a person, and a switch thrown by mistake.

A classifier is right most of the time. That is not enough in three places. Somebody in danger is told whom to call, whatever
else the message holds: `tells_of_emergency` knows the plain wordings. Asking for a person works in any wording (P2), also
inside a message about something else, so `asks_for_person` reads the plain wordings by rule. And the wrong switch must never
be thrown (P3): `settle_consent` lets a consent be given or ended only by a text that says so and is no question about it.
Where it is in doubt the customer gets to see what is on and off, with the switches: asking once more does no harm.
"""

import re
import unicodedata

from .foreign import asks_for_person_abroad, find_language, tells_of_emergency_abroad

GRANT_FROM = 0.55
MOST_OPPOSITE = 0.2  # of a switch's share: where the opposite one is likelier than that, none is thrown
WITHDRAW_FROM = 0.5
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn"}

_WHO = (
    r"(?:(?:a|an|the|some|any|your|another|one of your|one of the|real|actual|live|proper|genuine|human|living|breathing|flesh and blood|member of|members of|"
    r"customer|care|service|services|support|sales|shop|store|duty|human|of|staff|team)[ -]+){0,6}"
    r"(?:human|humans|human being|person|people|persons|somebody|someone|some one|some body|anybody|anyone|agent|agents|representative|rep|reps|operator|advisor|adviser|"
    r"employee|colleague|manager|supervisor|assistant manager|staff|staff member|team member|worker|live chat|customer service|customer support|customer care|"
    r"service team|support team|helpdesk|help desk|man|woman|guy|lady|real one|specialist|clerk|associate|adult|grown[ -]?up|privacy officer|data protection officer|hooman|humna|humman|persn|persom|preson|somone|sumone|sumbody|sombody|agnet|repersentative)(?!'s| else's| friendly|-)"
)
_TALK = r"(?:talk|talking|speak|speaking|chat|chatting|spk|tlk|tak|speek|have a word|a word|discuss (?:this|it|that)|deal|communicate|converse|connect|connected|put through)"
_ASKS = [
    rf"\b{_TALK} (?:to|with|2|w/?) {_WHO}\b",
    rf"\b(?:put|pass|hand|patch|switch|transfer|connect|get|bring|send|route|escalate|forward)\b(?: me| this| it| us)?(?: (?:over|on|through|thru|up|in|straight|back))*(?: (?:to|with|onto))? {_WHO}(?! (?:who|that|else's|was|were|is|packs|packed|delivers))\b",
    rf"\b(?:give|gimme|get|find|fetch|call|bring|send) (?:me )?(?:here |in )?{_WHO}\b",
    rf"\b(?:want|wanna|need|like|prefer|rather have|demand|require|ask for|asking for|request|requesting|looking for|wish for) (?:to (?:see|have|reach|get) )?{_WHO}(?! (?:who|that|to know|like|else|to (?:review|re-?examine|check|look at) (?:this|that|the) (?:reason|decision)))\b",
    rf"\b(?:is|are) (?:there )?{_WHO} (?:there |here |available |around |online |on duty |free )*(?:(?:that |who )?(?:i|we) (?:can|could|may|might) {_TALK}|(?:to|who can|that can|who could) (?:talk|speak|chat|help|take over|assist))",
    r"\b(?:human|person|agent|representative|operator|somebody|someone|real person|live person|live agent|live chat|human being)(?:,)? (?:please|pls|plz|now|asap|right now|instead)\b",
    r"^(?:a |an |the )?(?:real |live |actual )?(?:human|person|agent|representative|rep|operator|advisor|adviser|human being|live chat|manager|supervisor|customer service|customer support)[ .!]*$",
    rf"\b(?:can|could|may|might|let|would) (?:i|me|we|us|{_WHO}) (?:please |just |perhaps |maybe |possibly )*(?:take over|help me instead|call me|ring me|phone me|contact me|{_TALK} (?:to|with) {_WHO})",
    r"\b(?:is|are) (?:a |an |any |there a |there any |some )?(?:real |actual )?(?:human|humans|real person|real people|human being|employee|colleague|manager|supervisor)s? (?:around|about|there|here|available)\b",
    r"\b(?:put|get) (?:me )?through to (?:the|your) (?:store|shop|branch|office|team|desk)\b|\bcall me back\b|\b(?:need|want|like|get|have) a call ?back\b",
    r"^(?:a |an |the |just |only )?(?:(?:real|live|actual|customer|service|support|care|shop|store) ){1,3}(?:human|person|agent|representative|rep|operator|advisor|adviser|manager|supervisor|staff|employee)[ .!?]*$",
    r"\bwhere(?:'s| is| are) (?:the |a )?(?:humans?|real (?:person|people|humans?))\b",
    r"\b(?:can|could|may|will|would) (?:a |an |another |one of your |your )?(?:human|human being|person|employees?|colleagues?) (?:please )?(?:look (?:at|into)|handle|deal with|sort|fix|solve|take care of|answer|reply)(?! (?:this|that|the|your) (?:reason|decision))\b",
    rf"\blet {_WHO} (?:help|answer|handle|deal|sort|take)",
]
_ASKS_COMPILED = [re.compile(pattern, re.IGNORECASE) for pattern in _ASKS]
_ASKS_NOT = re.compile(
    r"\b(?:don't|dont|do not|didn't|did not|doesn't|no need|not need|needn't|without|never|no longer|stop|cancel|withdraw|take back|call off|drop|scrap|instead of|rather than|not)\b(?:(?!\band\b|\bbut\b)[^.!?;,]){0,40}$"
    r"|\bno (?:more |other )?$"
    r"|\b(?:changed my mind about|didnt mean to)\b[^.!?;,]{0,20}$"
    r"|\b(?:am i|are you|is it still|is this|is that|was that|who am i|who is|was i|is it true that i'm|are these)\b[^.!?;]{0,25}$"
    r"|\b(?:do i (?:have|need) to|must i|should i|will i have to|who (?:will|would|do)|what if|what happens|how long|how many|when can|when could|where can|what time|how does it)\b[^.!?;]{0,60}$",
    re.IGNORECASE,
)

# "Can't talk to anyone now" is no wish, "I can't get a human" is one.
_CANNOT_TALK = re.compile(r"\b(?:can't|cant|cannot|can not|couldn't) (?=talk|speak|chat)", re.IGNORECASE)
# "What do I have to do to get a human?" asks for one, "do I have to talk to one?" does not.
_HOW_TO_GET = re.compile(
    r"\bwhat (?:do|must|should|can) i (?:have to |need to )?(?:do|say|type|press)(?: here)? to ", re.IGNORECASE
)
# A wish for a person that the reader guessed, and that these words speak against.
_NO_WISH = re.compile(
    r"\bno (?:human|person|people|agent|staff|one|body)\b|\bhuman resources\b|\b(?:job|work|apply|hir(?:e|ing)|vacanc\w+)\b|\bdo i (?:have|need) to\b|\bmust i\b|^\W*when\b|\bwhat (?:time|hours)\b|"
    r"\bi (?:spoke|talked|chatted|was speaking|have spoken)\b|^\W*(?:do|does|did) (?:you|your|other)\b(?! have (?:a |an |any|some)\w* ?(?:i|we|who|to|that)\b)(?!.*\b(?:talk|speak|chat)\b(?! [a-z]*(?:ish|man|nch|ese|ian|ic|ench)\b))|"
    r"\bhow (?:many|long)\b|^\W*(?:was|were|had)\b|\b(?:colleague|friend|neighbou?r) of mine\b|\bmy (?:colleague|assistant|boss|agent|neighbou?r|friend)\b|\bpeople (?:with|who)\b|^\W*(?:a|the|one) (?:person|man|woman|lady|guy) (?:in|with|at|who|from|behind)\b",
    re.IGNORECASE,
)

_EMERGENCY = re.compile(
    r"\b(?:(?:want|wanna|going|ready|like|trying|plan|planning|wish) to (?:die|kill myself|end my life|end it all|hurt myself|be dead)|kill(?:ing)? myself|ending my life|end my life|suicid\w*|"
    r"(?:don't|dont|do not|no longer|not) (?:want|wanna|wish) to (?:live|be alive|exist|wake up)\b|no (?:reason|point) (?:to|in) liv\w+|(?:can't|cannot|can not|can hardly|could not|couldn't) breathe|"
    r"(?:not|isn't|stopped) breathing|heart attack|having a stroke|unconscious|an overdose|overdosed|(?:call|need|send) an ambulance|call 911|call 112|anaphyla\w+|(?:house|kitchen|flat|apartment|home) is on fire)",
    re.IGNORECASE,
)
# What nobody should find kept as a taste, and no "yes" should be taken from (docs/understanding.md).
_HEALTH = re.compile(
    r"\b(?:diabet\w*|insulin|allerg\w*|intoleran\w*|coeliac\w*|celiac\w*|pregnan\w*|expecting a baby|breast-?feed\w*|cancer|chemo\w*|tumou?r|blood (?:pressure|sugar|thinners?)|"
    r"cholesterol|asthma\w*|diseases?|illness\w*|disorders?|depress\w*|anxi\w+|doctors?|gp|hospital|surgery|operation|medication|medicine|diagnos\w*|epilep\w*|addict\w*|"
    r"alcoholi\w+|sober|rehab|gout|ibs|crohn\w*|colitis|eczema|migraines?|kidneys?|liver|heart (?:condition|problem|attack|disease|failure)|adhd|autis\w*|hiv|reflux|ulcers?|"
    r"an[a]?emi\w+|arthritis|dementia|disab\w+|wheelchair|menopause|overweight|obes\w+|anorex\w*|bulimi\w*|miscarriage|dialysis|thyroid|dietitian|dietician|"
    r"makes? (?:me|him|her|us) (?:sick|ill)|upsets? my stomach)\b",
    re.IGNORECASE,
)
_ORDINAL_ALONE = re.compile(r"^[^\w-]*[1-9]\W*$")
_OPERATOR_KEY = re.compile(r"^\W*0\W*$")  # what one presses on the telephone
# One letter (but y, n and k), a word that no language has, a machine's command: nothing that the classifier could know.
_NONSENSE = re.compile(r"^\W*(?:(?![ynk])[^\W\d_]|\w{35,}|restart|reset|session_start)\W*$", re.IGNORECASE)
_NUMBER_ALONE = re.compile(r"^\W*[a-z]{0,4}-?\d{5,24}\W*$", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_NEGATION = re.compile(
    r"\b(?:suspend|pause|halt|freeze|kill|plug|scrap|ditch|bin|rescind\w*|stpo|disregard|ignore|changed my mind about|enough|sick of|tired of|fed up|avoid|erase|clear|block|ban|limit|restrict|omit|skip|protect|except|instead of|anything but|illegal|disgrac\w+|mind your|stay out|never should|no|not|don't|dont|doesn't|didn't|never|stop|stopp?ed|without|off|out|cancel|revoke|withdraw|withdrawn|withhold|remove|delete|disable|deactivate|quit|end|refuse|decline|"
    r"disagree|object|forbid|deny|nope|nah|isn't|aren't|won't|wouldn't|shouldn't|can't|cannot|unsubscribe|undo|less|neither|nor|nothing|none|against|pull|refrain|discontinue|cease|untick|"
    r"uncheck|retract|reject|rid|keep away|leave|wrong|hate|creepy|spy|private|anonymous|opting out|opted out|take (?:it |that )?back|take back|my yes back|forget|hands)\b",
    re.IGNORECASE,
)
# What a withdrawal must hold: the use of data, or words that mean nothing else here.
_ABOUT_USE = re.compile(
    r"(?:us(?:e|es|ed|ing)|usign|data|info|track|cookie|consent|permi|agree|opt|purchas|bought|buy|order|shop|history|brows|click|coupon|offer|personal|profil|spy|snoop|privacy|private|anonym|off|out|"
    r"reject|refuse|decline|object|revoke|withdr|withda|allow|approv|disable|everything|all of|any of|learn|analy|look|told|like|preferen|category|categories|collect|record|sell|share|train|yes|untick|stop it|not on|want it on|watch|basket|cart|trolley|receipt|redeem|algo|impersonal|same ads)",
    re.IGNORECASE,
)
_WHY_SHOWN = re.compile(
    r"^\W*why (?:(?:did|do) i (?:see|get)|am i (?:seeing|getting|shown|offered)|(?:did|do) you show me|are you showing me)\b(?!.*\b(?:not|instead|rather|no)\b)",
    re.IGNORECASE,
)
_OF_DATA = re.compile(
    r"\b(?:data|details|info\w*|personal\w*|consent\w*|permission|privacy|track\w*|history|profil\w*|opt\w*|cookies?|algorithm|preferences|clicks|brows\w*|purchases|"
    r"what i (?:buy|bought|browse|click|like|look|said|say|told|tell))\b",
    re.IGNORECASE,
)
# What a grant must hold: a word that gives or turns on. "My consent" alone gives nothing ("pull my consent").
_HARMLESS_NO = re.compile(
    r"\b(?:(?:don't|do not|dont) (?:mind|care|object)|no (?:problem|objections?|worries|harm|bother|wahala|big deal|issues?)|nothing to hide|why not|"
    r"(?:don't|do not|dont) see (?:the|any) harm)\b",
    re.IGNORECASE,
)
# What takes back a no, or gives leave in a no's words: no withdrawal.
_UNDOES_NO = re.compile(
    r"\b(?:undo|take back|took back|taking back|reverse|cancel|lift|remove|drop|scrap|end|withdraw|revoke|changed my mind about)\b"
    r"(?:(?!\b(?:consent|permission|yes|okay|and)\b)[^,.;:!?]){0,20}\b(?:opt(?:ing|ed)?[- ]?out|(?:my|the|that|a) no|objections?|refusal|blocks?|restrictions?|ban|withdrawal)\b",
    re.IGNORECASE,
)
# What a withdrawal must hold besides: a word that ends, refuses or keeps away.
_ENDS = re.compile(
    r"\b(?:no|not|non|nope|nah|never|none|nothing|neither|nor|nobody|stranger|zero|without|\w+n'?t|st[op]{2}p?\w*|quit|ends?|ceas\w*|halt|pause|suspend|freeze|refrain|"
    r"discontinue|off|switchoff|out|leave|left|keep|kept|mind|hands|opt\w*|withdr\w*|withda\w*|revok\w*|rescind\w*|retract\w*|recall|take (?:it |that )?(?:back|away)|pull\w*|"
    r"undo|cancel\w*|disabl\w*|deactivat\w*|un-?(?!block|lock|pause|freeze|mute)\w+|remov\w*|delet\w*|eras\w*|forg[eo]t\w*|ignor\w*|disregard\w*|exclud\w*|omit|drop|ditch|scrap|bin|kill|cut|"
    r"block\w*|forbid|object\w*|refus\w*|reject\w*|declin\w*|den(?:y|ied)|disagree|disallow|against|less|only|privacy|private|impersonal|alone|back|enough|rather|"
    r"anonym\w*|away|skip|clear|shut|turn|chang\w* my mind|over|done|gone|go|comot|restrict|limit|protect|any ?more|longer|free|hate|creepy|creeps|spy\w*|snoop\w*|"
    r"track\w*|watch\w*|follow\w*|stalk\w*|plain|generic|normal|random|same|everyone|everybody|business|nos[ey]\w*|between|rest|stays?)\b",
    re.IGNORECASE,
)
# "If I stop you …" asks; "if that is on, turn it off" orders.
_SUPPOSES = re.compile(
    r"^\W*(?:if|suppose|supposing|say(?= (?:i|you|we)\b)|imagine|when|what if)\b"
    r"(?!.*(?<!\bi )(?<!\byou )(?<!\bwe )(?<!\bto )\b(?:stop|don't|dont|do not|quit|turn|switch|delete|use|go ahead|you can|you may|feel free|please|pls)\b)",
    re.IGNORECASE,
)
# "Don't stop using it" ends nothing.
_KEEPS_ON = re.compile(
    r"\b(?:don't|dont|do not|never|not|no need to)\b(?:(?!\b(?:us(?:e|ing)|track\w*|want you|just|but)\b)[^,.;!?]){0,20}"
    r"\b(?:stop|turn\w* off|switch\w* off|withdraw|opt out|unsubscribe)\b",
    re.IGNORECASE,
)
_ASKS_WHETHER = re.compile(r"^\W*(?:can|could|may|might|will|would|do|does|are|is|opted)\b|\?\s*$", re.IGNORECASE)
_PLEASE = re.compile(r"\b(?:please|pls|plz|thanks|thank you|kindly)\b", re.IGNORECASE)
_GIVES = re.compile(
    r"\b(?:yes|yea|yeah|yep|ye|sure|ok|okay|fine|aight|agree\w*|agre|consents?|concent|permission|permit\w*|blessing|approv\w*|grant\w*|accept\w*|allow\w*|alow|"
    r"go ahead|feel free|be my guest|knock yourself|activat\w*|reactivat\w*|enabl\w*|opt|opting|opted|opt-in|sign me up|resum\w*|use|usin|using|used|uses|utili[sz]e|"
    r"count|consider\w*|includ\w*|account|base|based|personali[sz]\w+|tailor\w*|tick|happy|glad|at liberty|welcome to|remember\w*|learn\w*|track\w*|(?:don't|dont|do not|never) mind|"
    r"no (?:problem|objections?|worries|harm|bother|wahala)|(?:you|u|ye) (?:can|may|could|might)|let (?:you|your|u|the|it|them|him|her|my|what|all|everything)|"
    r"(?:switch|swich|turn|tunr|trun|put|flip|set|have|want)\w*\b.{0,40}\bon|back on|^on|on (?:again|please|pls|now|for)|"
    r"(?:purchases|browsing|clicks|coupons|offers|preferences|all|everything|it|them) on|"
    r"connect|start\w*|begin|go by|look at|look through|go through|work away|have (?:it|the lot|at it)|lift|restore|reinstate|put me back in|by all means)\b",
    re.IGNORECASE,
)
_AGREEMENT = re.compile(
    r"\b(?:i agree|i consent|i allow|go ahead|you (?:may|can) use|feel free|switch (?:it |them |that )?on|turn (?:it |them |that )?(?:back )?on|opt me in|opt in|enable|activate)\b",
    re.IGNORECASE,
)
_NEGATED_AGREEMENT = re.compile(
    r"\b(?:not|don't|dont|never|no longer|can't|cannot|won't|wouldn't|can no longer)\b", re.IGNORECASE
)
_EFFECT = re.compile(
    r"\b(?:what (?:happens|would happen|will happen|changes|would change|will change|do i lose|would i lose|if|difference|are the consequences|does it mean)|what's the (?:effect|difference|catch)|"
    r"(?:would|will|do|does|can) (?:i|it|my \w+|the \w+) (?:still|lose|change|miss|be worse|cost|get worse|pay more)|effect of|consequences? of|any (?:downside|drawback|disadvantage)s?)\b",
    re.IGNORECASE,
)
# A name with an underscore, braces, tags: written for a machine, so no switch is thrown by it.
_FOR_A_MACHINE = re.compile(r"\w_\w|[{}<>]")
_RIGHT = re.compile(
    r"^(?:(?:hi|hello|hey|so|and|but|ok|okay|well|sorry|excuse me|one question|question)[,:. ]+)*"
    r"(?:do i (?:have|need) to|must i|should i|have i|did i|am i|are you|is|since when|do you|did you|does (?:the|this|it|your)|can i|could i|may i|am i allowed|how (?:do|can|could|would) i|how to|"
    r"where (?:do|can|is|are)|when|why|who|which|wich|what|show|are my|was|were|have you|does)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:please|pls|plz|i want|i'd like|i would like|i wish|(?<!you )(?<!they )stop|don't|do not|no more)\b",
    re.IGNORECASE,
)


def clean_text(text: str, *, most_characters: int) -> str:
    """The text as it is read: cut, without characters that cannot be seen, quotes and spaces in one form."""
    text = unicodedata.normalize("NFKC", text[: most_characters * 2])
    text = "".join(
        " " if letter in "\n\r\t" else letter
        for letter in text
        if letter in "\n\r\t" or unicodedata.category(letter) not in _INVISIBLE
    )
    for quote, plain in (("’", "'"), ("‘", "'"), ("´", "'"), ("`", "'"), ("“", '"'), ("”", '"')):
        text = text.replace(quote, plain)
    return " ".join(text.split())[:most_characters]


def tells_of_emergency(text: str) -> bool:
    """Whether the text plainly tells of danger to somebody's life."""
    return _EMERGENCY.search(text) is not None


def asks_why_shown(text: str) -> bool:
    """Whether the text plainly asks why an offer is shown, as the button on a page does."""
    return _WHY_SHOWN.match(text) is not None


def speaks_of_data(text: str) -> bool:
    """Whether the text speaks of the use of data in words that mean nothing else here."""
    return _OF_DATA.search(text) is not None


def tells_of_health(text: str) -> bool:
    """Whether the text speaks of somebody's health: then nothing in it is kept as a taste (P9)."""
    return _HEALTH.search(text) is not None


def asks_for_person(text: str) -> bool:
    """Whether the text plainly asks to be put in touch with a person."""
    text = _HOW_TO_GET.sub("please ", text)
    for pattern in _ASKS_COMPILED:
        for match in pattern.finditer(text):
            before = text[: match.start()]
            if not _ASKS_NOT.search(before) and not _CANNOT_TALK.search(text, max(0, len(before) - 10), match.end()):
                return True
    return False


def settle_intent(
    text: str, intent: str, confidence: float, *, second: str = "nlu_fallback", opposite: float = 0.0
) -> str:
    """The intent to act on, given the classifier's first choice, its probability, 0 to 1, its second choice, and of a switch its
    opposite's probability.

    A number alone is an order's, if it is as long as such numbers are, one figure chooses from a list; a text without a letter, such as a
    smiley, has nothing that the classifier could know.
    """
    if tells_of_emergency(text) or tells_of_emergency_abroad(text):
        return "report_emergency"
    if _OPERATOR_KEY.match(text) or asks_for_person(text) or asks_for_person_abroad(text):
        return "request_human"
    if find_language(text):
        return "speak_other_language"
    if intent == "request_human" and _NO_WISH.search(text):
        return settle_consent(text, second, 0.0)
    if _NUMBER_ALONE.match(text):
        return "ask_order_status"
    if _ORDINAL_ALONE.match(text):
        return "choose_listed"
    if not _LETTER.search(text) or _NONSENSE.match(text):
        return "nlu_fallback"
    if asks_why_shown(text):
        return "ask_why_offer"
    if intent in ("tell_taste", "never_show", "grant_consent") and tells_of_health(text):
        return "tell_health"
    return settle_consent(text, intent, confidence, opposite)


def settle_consent(text: str, intent: str, confidence: float, opposite: float = 0.0) -> str:
    """The intent to act on when `grant_consent` or `withdraw_consent` was read.

    Parameters
    ----------
    text : str
        What the customer wrote.
    intent : str
        The classifier's first choice; any other intent is returned as it is.
    confidence : float
        Its probability, 0 to 1.
    opposite : float
        The probability of the other of the two.
    """
    if intent not in ("grant_consent", "withdraw_consent"):
        return intent
    if _EFFECT.search(text) or _SUPPOSES.search(text):
        return "ask_what_if"
    is_asked = _RIGHT.match(text) is not None and not _WISH.search(text)
    if is_asked or _FOR_A_MACHINE.search(text) or opposite > MOST_OPPOSITE * confidence:
        return "ask_consents"
    plain = _HARMLESS_NO.sub(" ", text)
    if intent == "grant_consent":
        is_order = _PLEASE.search(text) or not _ASKS_WHETHER.search(text)
        is_given = confidence >= GRANT_FROM and _GIVES.search(text) and not _NEGATION.search(plain)
        return intent if is_order and is_given else "ask_consents"
    is_agreed = _AGREEMENT.search(text) and not _NEGATED_AGREEMENT.search(text)
    is_ended = _ENDS.search(plain) and not (plain != text and not _NEGATION.search(plain))
    is_ended = is_ended and not _UNDOES_NO.search(text) and not _KEEPS_ON.search(text)
    if confidence < WITHDRAW_FROM or not _ABOUT_USE.search(text) or is_agreed or not is_ended:
        return "ask_consents"
    return intent
