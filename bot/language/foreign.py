"""Whether a text is in another language than English, and whether it asks for a person there.

The bot understands English only. A text in one of eight other languages is known by its small words ("meine", "dónde"), which no
product's name and no misspelt English holds: it takes `FEWEST` different ones, a share of all words, and more of them than of
English's own. Less than that is read as English, so a single foreign word changes nothing. Articles and prepositions that stand
in the names of food ("de", "la", "con") are no evidence, and neither are words that English spells the same ("die", "was", "hat").
Accents may be left out. Word lists and no library: a message is short, a guess among a hundred languages is worst there, and each
of these decisions can be read off its words.
"""

import re
import unicodedata
from collections import defaultdict

FEWEST = 2
SMALLEST_SHARE = 0.3
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

_WORDS = {
    "de": "ich mich mir jemanden rufen sie du dich ihr ihre ihren euch wir uns ist sind haben habe habt wird werden wurde kann können könnte möchte möchten will"
    " muss soll nicht kein keine keinen mein meine meinen meiner meinem dein deine und oder aber auch noch schon bitte danke hallo"
    " wo wie warum wann welche welcher welches wieviel ein eine einen einem einer das dass ob mit für über von auf bei nach zum zur"
    " bestellung bestellen bestellt lieferung paket geld rückgabe preis kostet hilfe brauche suche gibt gibts angebote einkäufe"
    " daten guten morgen abend heute gibt's verkaufen führen fehlt fehlen gestern etwas jemand mensch menschen sprechen wurde geliefert angekommen gekauft zurückgeben",
    "es": "yo tú usted ustedes nosotros mi mis es está están estoy son soy tengo tiene tienes tienen alguien nadie tienda pásame pueda llame hablar tenéis tenemos venden vendéis vosotros que me te falta faltan atender quiero quiere quisiera puedo puede pueden"
    " necesito busco dónde donde cómo cuándo cuánto cuánta cuesta cuál por qué porque para pero también muy más hola gracias favor"
    " buenos buenas días tardes una unos unas los las ese esta este esto hay pedido pedidos entrega paquete dinero devolver"
    " devolución precio ayuda ofertas compras datos persona hablar ha llegado llega comprado comprar ayer hoy mañana y solo sólo entiendo aviso",
    "fr": "je j'ai j'aimerais tu vous nous il elle est c'est suis sont êtes avez avons quelqu'un derrière tout qui ça voudrait humain avez-vous vendez auriez manque manquent que ce cette ont ai mon ma mes votre vos notre ne pas n'est"
    " n'ai où quand comment pourquoi combien quel quelle quels quelles qu'est-ce est-ce voudrais veux peux pouvez puis-je"
    " bonjour bonsoir merci s'il plaît une des les dans avec pour sur et aussi commande commander commandes livraison colis"
    " argent remboursement retourner coûte aide besoin cherche données achats parler quelqu'un personne hier aujourd'hui arrivé acheté",
    "it": "io tu lei noi voi mio mia miei mie è sono sei siamo avete hanno qualcuno negozio vero vera basta cui vendete manca mancano vorrei voglio posso può potete devo dov'è dove quando perché"
    " quanto quanta costa quale quali ciao buongiorno buonasera grazie per favore il lo gli uno una non c'è che cosa ma anche"
    " questo questa ordine ordini ordinato consegna pacco soldi rimborso restituire prezzo aiuto bisogno cerco dati acquisti parlare"
    " qualcuno persona ieri oggi arrivato comprato ho",
    "pt": "eu você vocês nós meu minha meus minhas é são estou está estão tenho tem têm quero queria posso pode podem preciso alguém verdade aí pra passe passe-me funcionário chega transfere robô vendem vende falta faltam que procuro onde"
    " quando como quanto quanta custa qual quais por que porque para mas também muito mais olá obrigado obrigada favor bom boa"
    " dia uma uns umas não há pedido pedidos encomenda entrega pacote dinheiro devolver reembolso preço ajuda ofertas compras"
    " dados falar alguém pessoa ontem hoje chegou comprei comprar só sou entendo devo",
    "nl": "ik mij jij je jullie wij ons mijn jouw uw heb hebt heeft hebben verkopen jullie ontbreekt ben bent zijn wordt kan kunt kunnen wil wilt zou moet niet geen"
    " een het dat deze dit maar ook nog waar hoe waarom wanneer welke wat hoeveel kost alstublieft alsjeblieft bedankt hallo"
    " goedemorgen goedendag met voor van naar bij bestelling bestellen besteld levering pakket geld terug retourneren prijs hulp nodig"
    " zoek aanbiedingen gegevens spreken praten iemand mens gisteren vandaag aangekomen gekocht en",
    "pl": "ja ty pan pani mnie mi moje mój moja mojego moją jest są jestem mam masz ma mają macie sprzedajecie brakuje chcę chciałbym chciałabym mogę może można potrzebuję"
    " szukam gdzie jak kiedy dlaczego ile kosztuje który która które czy nie tak dzień dobry cześć dziękuję proszę dla"
    " się oraz ale też już tylko rozumiem po mam czy zamówienie zamówienia zamówiłem zamówiłam dostawa paczka pieniądze zwrot zwrócić cena pomoc pomocy oferty dane"
    " rozmawiać porozmawiać człowiekiem osobą wczoraj dzisiaj dotarło kupiłem kupiłam",
    "tr": "ben sen siz biz benim bana beni sizin bu şu bir var yok mı mi mu mü değil nerede nasıl neden niçin zaman kaç hangi"
    " istiyorum isterim istemiyorum ürün ürünü ürünler satıyor musunuz mısınız eksik lütfen merhaba selam teşekkürler teşekkür ederim günaydın iyi günler ve ile için ama çok"
    " sipariş siparişim siparişimi siparişler teslimat kargo kargom paket para iade etmek fiyat fiyatı kadar yardım ihtiyacım arıyorum"
    " konuşmak biriyle insanla yalnızca sadece anlıyorum dün bugün gelmedi geldi aldım almak verilerim",
}  # fmt: skip
_ENGLISH = frozenset(
    "the my and what where's what's how you your i'm i've please with for this that have are does don't not would like there about"
    " need when why which from has it's its could should did been were they their our an mean means say said order orders any some"
    " show tell find get buy".split()
)
# Spelt alike in English, with its accent or without: no evidence.
_ALIKE = frozenset(
    "te ce die was hat war so am man also will den for fur mi me ma on ne pas des dm tu y en dos no do to it is an on son are sea"
    " main mine plus pan ja per non come sole male dove pace fare lo los las les il van kan met over he hier bent wat dit boa"
    " paket paste para ben sen bu bin var bit mu may daily dia como mas once dame data est est-ce"
    " bis favor persona ai ho es de la le un con del al das ham dan bei bar sur et ma mon mes".split()
)


def _lower(text: str) -> str:
    """Small letters and one apostrophe; Python makes two signs of the Turkish İ."""
    return text.lower().replace("\u0307", "").replace("’", "'")


def _fold(word: str) -> str:
    """The word without accents, as somebody types it in a hurry."""
    plain = unicodedata.normalize("NFKD", word.replace("ß", "ss").replace("ı", "i").replace("ł", "l"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _index() -> dict[str, frozenset[str]]:
    """Languages by word, with accents and without."""
    found: dict[str, set[str]] = defaultdict(set)
    for language, words in _WORDS.items():
        for word in words.split():
            for form in {word, _fold(word)} - _ALIKE:
                found[form].add(language)
    return {word: frozenset(languages) for word, languages in found.items()}


_LANGUAGES = _index()
LANGUAGES = tuple(_WORDS)

# Folded, in small letters. Each is a plain wish; a no anywhere in the text leaves it to the customer to press the button.
_PERSON = {
    "de": r"(?:mit|an) (?:einem|einer|einen|eine|'nem|nem)? ?(?:echten |richtigen |menschlichen )?(?:menschen|person|mitarbeiter(?:in)?|berater(?:in)?)\b.*"
    r"\b(?:sprechen|reden|schreiben|verbinden|chatten|weiterleiten)|(?:mit|an) jemand(?:em|en)? (?:sprechen|reden|verbinden)"
    r"|verbinden sie mich|rufen sie mich|holen sie mir (?:jemand|einen|eine)|(?:bitte|geben sie mir|her mit) (?:mal |doch |bitte )?(?:einen|eine|'nen|nen) (?:echten |echte |richtigen )?(?:menschen|mitarbeiter(?:in)?|person)\b|(?:zuruckrufen|ruckruf)\b|(?:gibt es|ist) (?:da |dort |hier |auch )*(?:einen |eine |jemand )(?:echten |echte |richtigen )?(?:menschen|mitarbeiter|person)\b|(?:brauche|will|mochte) (?:einen |eine )?(?:echten |echte )?(?:menschen|mitarbeiter|person)\b",
    "es": r"(?:hablar|chatear|comunicarme|hable) con (?:una? |el |la |alguna |algun )?(?:persona|humano|agente|alguien|empleado|operador|representante|ser humano)"
    r"|atender(?:me)? (?:una persona|alguien)|alguien (?:que )?me (?:atienda|atiende|puede atender|ayude)|(?:quiero|necesito|quisiera|paseme con|pongame con|comuniqueme con) (?:a )?(?:una? )(?:persona|humano|agente|operador)",
    "fr": r"(?:parler|discuter|echanger) (?:a|avec) (?:une? |quelqu'un|l')(?:vraie |vrai )?(?:personne|humain|conseiller|conseillere|agent|etre humain)?"
    r"|(?:veux|voudrais|besoin d')(?: )?(?:une? )(?:vraie |vrai )?(?:personne|humain|conseiller|agent)|passez-moi (?:une? |quelqu'un)|une? (?:vraie? )?(?:humain|personne|conseiller|conseillere),? (?:s'il|svp)",
    "it": r"(?:parlare|chattare) con (?:una? |un')?(?:vera |vero )?(?:persona|umano|operatore|operatrice|qualcuno|essere umano|addetto)"
    r"|(?:voglio|vorrei) (?:una? |un')(?:vera )?(?:persona|operatore|umano)|mi passi (?:una? |un')(?:persona|operatore)|qualcuno in carne e ossa",
    "pt": r"(?:falar|conversar) com (?:uma? |o |a )?(?:pessoa|humano|atendente|alguem|agente|ser humano|operador)"
    r"|(?:quero|preciso de|queria) uma? (?:pessoa|humano|atendente)|contacto com uma pessoa",
    "nl": r"(?:met|tegen) (?:een )?(?:echt |echte )?(?:mens|persoon|medewerker|iemand)(?: (?:te|wil|kan))* ?(?:spreken|praten|chatten)"
    r"|(?:spreken|praten) met (?:een )?(?:echt |echte )?(?:mens|persoon|medewerker|iemand)|verbind me door",
    "pl": r"(?:po)?rozmawiac z (?:kims|czlowiekiem|osoba|konsultantem|pracownikiem|prawdziw\w+)|polacz\w* (?:mnie )?z (?:kims|czlowiekiem|osoba|konsultantem|pracownikiem)",
    "tr": r"(?:biriyle|birisiyle|insanla|bir insanla|yetkiliyle|temsilciyle|gercek (?:bir )?(?:kisiyle|insanla)|musteri temsilcisi(?:yle|ne)?) "
    r"(?:konusmak|gorusmek|baglanmak|yazismak)|(?:temsilciye|yetkiliye|insana) bagla",
}  # fmt: skip
# Else: a text in the language with a word for a person and one for getting in touch near it.
_PERSONS = {
    "de": r"mensch\w*|person|mitarbeiter\w*|jemand\w*|berater\w*",
    "es": r"persona|alguien|agente|humano|operador\w*|emplead[oa]|representante|encargad[oa]|gerente",
    "fr": r"quelqu'un|personne|humain|conseiller\w*|agent|responsable",
    "it": r"persona|qualcuno|umano|operatore|operatrice|addett[oa]|responsabile",
    "pt": r"pessoa|alguem|humano|atendente|operador\w*|funcionari[oa]|gerente",
    "nl": r"mens|persoon|iemand|medewerker",
    "pl": r"czlowiek\w*|kims|ktos|osob\w*|konsultant\w*|pracownik\w*",
    "tr": r"biri\w*|insan\w*|yetkili\w*|temsilci\w*",
}  # fmt: skip
_TOUCH = {
    "de": r"sprechen|reden|verbind\w*|zuruckruf\w*|chatten|weiterleit\w*",
    "es": r"habl\w*|llame\w*|atend\w*|atiend\w*|comuni\w*|contact\w*|transfi\w*|pasame|paseme|pasenme",
    "fr": r"parler|rappel\w*|joindre|contacter|adresser",
    "it": r"parl\w*|richiam\w*|contatt\w*",
    "pt": r"falar|ligar|passe-me|me passa|ajudar|transf\w*|contat\w*|contact\w*|atend\w*",
    "nl": r"spreken|praten|doorverbind\w*",
    "pl": r"rozmaw\w*|porozmaw\w*|polacz\w*|zadzwon\w*|przelacz\w*",
    "tr": r"konus\w*|gorus\w*|bagla\w*",
}  # fmt: skip
_NEAR = r"\W+(?:[\w']+\W+){0,6}"
_IN_TOUCH = {
    language: re.compile(
        rf"\b(?:{persons}){_NEAR}(?:{_TOUCH[language]})\b|\b(?:{_TOUCH[language]}){_NEAR}(?:{persons})\b"
    )
    for language, persons in _PERSONS.items()
}
_PERSON_COMPILED = {language: re.compile(rf"\b(?:{pattern})") for language, pattern in _PERSON.items()}
# "Not a machine" refuses no person.
_NO_MACHINE = re.compile(
    r"\b(?:kein(?:en|e)?|no|ni|pas|non|niet|geen|nie|nao) (?:\w+ ){0,4}(?:robot\w*|bots?|maschine\w*|computer\w*|maquina\w*|machine\w*|macchina|automat\w*)\b"
)
_REFUSES = re.compile(
    r"\b(?:no|non)\W+(?:\w+\W+){0,2}(?:voglio|quiero|necesito|falta|serve|bisogno|llam\w*|habl\w*|parl\w*|pass\w*)\b"
)
_NO = {
    "de": "nicht kein keine keinen nie",
    "es": "no nunca sin tampoco",
    "fr": "ne pas n'ai n'est jamais sans",
    "it": "non mai senza",
    "pt": "nao nunca sem",
    "nl": "niet geen nooit zonder",
    "pl": "nie nigdy bez",
    "tr": "istemiyorum degil yok hayir",
}


# Danger to somebody's life, folded, in the plain words for it; words that English spells the same stay out.
_EMERGENCY = re.compile(
    r"\b(?:(?:will|mochte) (?:nicht mehr leben|sterben)|mich umbringen|bringe? mich um|selbstmord|suizid|leben nehmen|nicht (?:mehr )?atmen|keine luft|atmet nicht|"
    r"bewusstlos|notarzt|krankenwagen|herzinfarkt|schlaganfall|(?:quiero|quisiera) morir|(?:quiero|voy a) matarme|me quiero matar|quitarme la vida|no puedo respirar|no respira|"
    r"inconsciente|ambulancia|sobredosis|(?:veux|voudrais) mourir|me (?:tuer|suicider)|(?:peux|peut) (?:pas|plus) respirer|respire (?:pas|plus)|crise cardiaque|voglio morire|"
    r"uccidermi|ammazzarmi|suicid(?:arme|armi|io)|non riesco a respirare|non respira|ambulanza|infarto|quero morrer|me matar|consigo respirar|wil (?:dood|niet meer leven)|zelfmoord|"
    r"niet ademen|ademt niet|bewusteloos|chce umrzec|zabic sie|samoboj\w+|oddychac|nie oddycha|nieprzytomn\w+|karetk\w+|olmek istiyorum|intihar|nefes alami\w+|bayildi)\b"
)


def tells_of_emergency_abroad(text: str) -> bool:
    """Whether the text plainly tells of danger to somebody's life in one of `LANGUAGES`."""
    return _EMERGENCY.search(_fold(_lower(text))) is not None


def find_language(text: str) -> str | None:
    """The language of a text that is plainly in one of `LANGUAGES`; None for English and wherever there is doubt."""
    words = _WORD.findall(_lower(text))
    hits: dict[str, set[str]] = defaultdict(set)
    for word in words:
        for language in _LANGUAGES.get(word, ()):
            hits[language].add(word)
    if not hits:
        return None
    # Alike languages share words: a word counts the more the fewer have it.
    best = max(hits, key=lambda language: sum(1 / len(_LANGUAGES[word]) for word in hits[language]))
    known, english = len(hits[best]), len(_ENGLISH.intersection(words))
    share = sum(word in hits[best] for word in words) / len(words)
    return best if known >= FEWEST and known > 2 * english and share >= SMALLEST_SHARE else None


def asks_for_person_abroad(text: str) -> str | None:
    """The language in which a text plainly asks for a person, if it does so in one of `LANGUAGES`."""
    folded = _NO_MACHINE.sub(" ", _fold(_lower(text)))
    words = set(_WORD.findall(folded))
    for language, pattern in _PERSON_COMPILED.items():
        if pattern.search(folded) and not words.intersection(_NO[language].split()):
            return language
    spoken = find_language(text)
    if spoken and _IN_TOUCH[spoken].search(folded) and not words.intersection(_NO[spoken].split()) - {"no", "non"}:
        return spoken if not _REFUSES.search(folded) else None
    return None
