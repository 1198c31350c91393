"""A message in another language: known by plain evidence only, answered in it, a person brought in where one is asked for."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml

from actions.desk import Desk
from actions.smalltalk import ActionAnswerOtherLanguage
from actions.talk import Talk
from bot.language.caution import settle_intent
from bot.language.foreign import LANGUAGES, asks_for_person_abroad, find_language, tells_of_emergency_abroad
from data.texts import load_other, load_texts

ROOT = Path(__file__).resolve().parent.parent
FOREIGN = [
    ("es", "hola, tienen leche sin lactosa?"),
    ("de", "haben Sie glutenfreies Brot"),
    ("fr", "il manque les œufs dans ma commande"),
    ("de", "Wo ist meine Bestellung?"),
    ("de", "Ich brauche Hilfe mit meinem Paket"),
    ("de", "bist du ein mensch"),
    ("de", "Was kostet das Brot und gibt es Angebote?"),
    ("de", "ich mochte etwas zuruckgeben"),
    ("es", "¿Dónde está mi pedido?"),
    ("es", "donde esta mi pedido"),
    ("es", "Quiero devolver un producto que he comprado ayer"),
    ("es", "¿Cuánto cuesta la leche?"),
    ("fr", "Où est ma commande ?"),
    ("fr", "Je voudrais retourner un article"),
    ("fr", "combien coûte le lait s'il vous plaît"),
    ("it", "Dov'è il mio ordine?"),
    ("it", "vorrei restituire questo prodotto"),
    ("pt", "Onde está a minha encomenda?"),
    ("pt", "quero devolver um produto que comprei ontem"),
    ("nl", "Waar is mijn bestelling?"),
    ("nl", "ik wil graag iets terugsturen, hoe kan dat?"),
    ("pl", "Gdzie jest moje zamówienie?"),
    ("pl", "gdzie jest moje zamowienie"),
    ("tr", "Siparişim nerede?"),
    ("tr", "bir ürünü iade etmek istiyorum"),
]
NO_WISH = [
    "Haben Sie echten Honig? Ich suche etwas für jemanden",
    "Ist das ein echter Champagner? Ich kaufe es für jemand",
    "no hay nadie en casa, ¿pueden llamar antes de la entrega?",
    "qualcuno può passare a prendere il mio ordine?",
    "une personne passe prendre mon colis, c'est possible ?",
    "no, gracias, no me llame nadie",
    "non passatemi qualcuno, grazie",
]
ENGLISH = [
    "hola amigo",
    "merci, when do you open",
    "que sera sera",
    "ciao bella pizza",
    "jalapeño",
    "crème fraîche",
    "do you have bratwurst",
    "bratwurst und sauerkraut",
    "crème de la crème",
    "pico de gallo and dulce de leche",
    "pain au chocolat",
    "chile con carne",
    "aceite de oliva",
    "vin de pays",
    "hola",
    "hallo",
    "ok danke",
    "wher is my ordr",
    "whr iz mi pakage",
    "do u hav any milk",
    "no me neither",
    "it is to die for",
    "what was that hat for",
    "i was in the war",
    "what does wo ist meine Bestellung mean",
    "how much is el paso salsa",
    "las vegas and los angeles",
    "por favor",
    "je ne sais quoi",
    "stop using my data",
    "",
    "🙂",
]
PERSON = [
    ("de", "geben sie mir einen echten Menschen, kein Roboter"),
    ("fr", "je veux parler à quelqu'un, pas à un robot"),
    ("es", "pásame con alguien de la tienda"),
    ("it", "c'è qualcuno del negozio con cui posso parlare?"),
    ("de", "gibt es da auch einen echten Menschen, der mir hilft"),
    ("es", "me puede atender alguien de la tienda"),
    ("it", "c'è qualcuno in carne e ossa che mi può aiutare"),
    ("pt", "podem pôr-me em contacto com uma pessoa a sério"),
    ("de", "ich möchte mit einem Menschen sprechen"),
    ("de", "Kann ich bitte mit einem Mitarbeiter reden?"),
    ("es", "quiero hablar con una persona"),
    ("es", "Necesito un agente"),
    ("fr", "je veux parler à une personne"),
    ("fr", "je voudrais parler à quelqu'un"),
    ("it", "vorrei parlare con una persona"),
    ("pt", "quero falar com uma pessoa"),
    ("nl", "ik wil met een mens praten"),
    ("pl", "chcę rozmawiać z człowiekiem"),
    ("tr", "gerçek bir insanla konuşmak istiyorum"),
]


@pytest.mark.parametrize(("lang", "text"), FOREIGN)
def test_a_message_in_another_language_is_known_and_settled(lang: str, text: str) -> None:
    assert find_language(text) == lang
    assert settle_intent(text, "grant_consent", 0.9) == "speak_other_language"


@pytest.mark.parametrize("text", NO_WISH)
def test_goods_deliveries_and_refusals_abroad_bring_nobody_in(text: str) -> None:
    assert asks_for_person_abroad(text) is None


@pytest.mark.parametrize("text", ENGLISH)
def test_names_of_food_slips_and_single_words_are_no_other_language(text: str) -> None:
    assert find_language(text) is None
    assert asks_for_person_abroad(text) is None


def test_of_all_that_is_learned_only_what_is_not_ours_is_another_language() -> None:
    """The bot's own wordings hold foreign ones too, as examples of what it cannot help with; no English one is taken for foreign."""
    lines = [
        (block["intent"], line[2:])
        for path in sorted((ROOT / "bot" / "nlu").glob("*.yml"))
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in block["examples"].splitlines()
    ]
    taken = [(intent, line) for intent, line in lines if find_language(line) or asks_for_person_abroad(line)]
    assert len(taken) >= 10
    assert [(intent, line) for intent, line in taken if intent not in ("ask_out_of_scope", "request_human")] == []


@pytest.mark.parametrize(("lang", "text"), PERSON)
def test_a_wish_for_a_person_is_heard_in_each_language(lang: str, text: str) -> None:
    assert asks_for_person_abroad(text) == lang
    assert settle_intent(text, "nlu_fallback", 0.9) == "request_human"


@pytest.mark.parametrize(
    "text",
    [
        "ich möchte nicht mit einem Menschen sprechen",
        "no quiero hablar con una persona",
        "nie chcę rozmawiać z człowiekiem",
    ],
)
def test_a_wish_for_no_person_brings_none(text: str) -> None:
    assert settle_intent(text, "nlu_fallback", 0.9) == "speak_other_language"


def test_every_language_is_tested_and_has_its_sentence() -> None:
    assert (
        {lang for lang, _ in FOREIGN}
        == {lang for lang, _ in PERSON}
        == set(LANGUAGES)
        == set(load_other(ROOT / "texts"))
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_answer_is_in_the_customers_language_and_offers_a_person_first(lang: str) -> None:
    desk = cast(Desk, SimpleNamespace(texts=load_texts(ROOT / "texts", "en"), other=load_other(ROOT / "texts")))
    talk = Talk(
        desk,
        conversation=None,
        person_id=None,
        text="",
        intent="speak_other_language",
        entities=[{"entity": "language", "value": lang}],
    )
    (answer,) = ActionAnswerOtherLanguage().answer(talk)
    assert (answer.kind, answer.custom["lang"]) == ("fallback", lang)
    assert find_language(answer.text) == lang
    assert [button["payload"] for button in answer.buttons] == ["/request_human", "/continue_with_bot"]
    assert len({button["title"] for button in answer.buttons}) == 2


@pytest.mark.parametrize(
    "text",
    [
        "Ich will sterben",
        "ich will mich umbringen",
        "ich bringe mich um",
        "ich bekomme keine Luft",
        "quiero morir",
        "me quiero matar",
        "no puedo respirar",
        "je veux mourir",
        "voglio morire",
        "quero morrer",
    ],
)
def test_danger_to_life_is_heard_in_other_languages_too(text: str) -> None:
    assert settle_intent(text, "nlu_fallback", 0.9) == "report_emergency"


def test_no_wording_of_the_bots_own_tells_of_an_emergency_abroad() -> None:
    lines = [
        line[2:]
        for path in sorted((ROOT / "bot" / "nlu").glob("*.yml"))
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in block["examples"].splitlines()
        if block["intent"] not in ("report_emergency", "report_distress")
    ]
    assert [line for line in lines if tells_of_emergency_abroad(line)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Ich kümmere mich um das Essen",
        "um mich um ehrlich zu sein",
        "Haben Sie keine Luftballons?",
        "me voy a morir de hambre",
    ],
)
def test_everyday_words_abroad_are_no_emergency(text: str) -> None:
    assert not tells_of_emergency_abroad(text)
