"""A made-up delicatessen with stock, labels and pictures, its customers' orders, and the assistant's actions spoken to without Rasa."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from actions.desk import Desk
from actions.orders import (
    ActionListOrders,
    ActionReportMissingItem,
    ActionShowOrderContents,
    ActionShowOrderStatus,
)
from actions.products import (
    ActionSearchProducts,
    ActionShowContents,
    ActionShowPrice,
    ActionShowSimilar,
    ActionShowStock,
)
from actions.talk import Answer, CandorAction, Talk, keep_understood
from bot.language.catalogue import read_catalogue
from bot.language.finder import Finder
from data.catalogue import fetch_brands, fetch_types
from data.clock import ShopClock
from data.conversations import Conversation, Draft, append_messages, open_conversation, require_conversation
from data.customers import find_customer
from data.texts import Texts
from tests.kettles import Kettles
from web.deeds import parse_payload

NOW = datetime(2024, 6, 5, 12, 0, tzinfo=UTC)  # a Wednesday
AT = "2024-06-05T12:00:00.000000Z"
PICTURES = "https://pictures.deli.example"
LABEL = "Milk 3.8 % fat, lactic cultures. Contains: milk."
PRODUCTS = f"""product_id,title,category,price,brand,stock,image,contents
y1,"Greek yogurt, 500 g",Dairy > Yogurt,3.49,Alba,4,/pictures/y1.jpg,"{LABEL}"
y2,"Greek yogurt, 150 g",Dairy > Yogurt,1.29,Alba,0,,
y3,"Strawberry yogurt, 150 g",Dairy > Yogurt,0.99,Moor,9,{PICTURES}/y3.jpg,
d1,"Drinking yogurt, 330 ml",Dairy > Yogurt drinks,1.79,Moor,3,,
e1,"Large eggs, 12 pieces",Dairy > Large eggs,4.20,,8,,
e2,"Jumbo eggs, 6 pieces",Dairy > Jumbo eggs,3.10,,,,
c1,"Ground coffee, 250 g",Coffee > Ground coffee,5.00,Alba,2,,
c2,"Ground coffee, 500 g",Coffee > Ground coffee,8.90,Moor,1,,
c3,"Dark roast ground coffee, 500 g",Coffee > Ground coffee,9.40,Alba,,,
k1,Ketchup,Sauces > Ketchup,2.10,,0,,"Tomatoes, sugar, vinegar."
b1,Butter,Dairy > Butter,2.60,,5,,
x1,Dark chocolate,Sweets > Chocolate,1.50,Alba,7,,
x2,Milk chocolate,Sweets > Chocolate,1.20,Moor,7,,
p1,Headache tablets,Medicine > Painkillers,4.00,,5,,
p2,Pain gel,Medicine > Painkillers,6.00,,5,,
"""
ORDERS = """order_id,customer_id,ordered_at,product_id,quantity,unit_price,status,tracking
A-1001,anna,2024-05-03,y1,2,3.49,delivered,
A-1001,anna,2024-05-03,c1,1,5.00,delivered,
A-1002,anna,2024-05-28,e1,1,4.20,delivered,
A-1003,anna,2024-06-04,y3,3,0.99,on the way,TRK-77
A-1003,anna,2024-06-04,b1,1,2.60,on the way,TRK-77
B-2001,ben,2024-06-03,k1,1,2.10,being packed,
"""
ACTIONS: dict[str, CandorAction] = {
    "search_product": ActionSearchProducts(),
    "ask_price": ActionShowPrice(),
    "ask_stock": ActionShowStock(),
    "ask_contents": ActionShowContents(),
    "ask_similar": ActionShowSimilar(),
    "ask_order_status": ActionShowOrderStatus(),
    "ask_order_contents": ActionShowOrderContents(),
    "list_orders": ActionListOrders(),
    "report_missing_item": ActionReportMissingItem(),
}


class Deli:
    """The delicatessen, open: one conversation, whose answers are put in the log as the gateway would."""

    def __init__(self, kettles: Kettles, texts: Texts) -> None:
        self.database, self.shop = kettles.database, kettles.shop
        with self.database.read() as connection:
            types, brands = fetch_types(connection), fetch_brands(connection)
        self.finder = Finder(
            read_catalogue(
                {
                    "types": [{"type_id": t.type_id, "title": t.title, "words": []} for t in types],
                    "brands": [{"title": brand} for brand in brands],
                }
            )
        )
        clock = ShopClock(self.shop.zone, machine=lambda: NOW)
        self.desk = cast(Desk, SimpleNamespace(shop=self.shop, texts=texts, database=self.database, clock=clock))
        self.person_id: int | None = None
        self.conversation = self._open()

    def sign_in(self, customer_id: str | None) -> None:
        """Go on as a customer, or as a visitor, in a new conversation."""
        with self.database.read() as connection:
            person = find_customer(connection, customer_id) if customer_id else None
        self.person_id = person.person_id if person else None
        self.conversation = self._open()

    def _open(self) -> Conversation:
        with self.database.write() as connection:
            return open_conversation(
                connection, person_id=self.person_id, locale="en", minor=False, page_offers=[], at=AT
            )

    def ask(self, intent: str, text: str) -> list[Answer]:
        """What is answered to a text that was understood so."""
        entities = [
            {"entity": one.kind, "value": one.value, "start": one.start, "end": one.end}
            for one in self.finder.find(text)
        ]
        return self._answer(intent, text, entities)

    def press(self, button: dict[str, str]) -> list[Answer]:
        """What is answered to a button; Rasa reads its facts as entities."""
        intent, facts = parse_payload(button["payload"])
        entities = [{"entity": name, "value": value, "start": 0, "end": 0} for name, value in facts.items()]
        return self._answer(intent, button["payload"], entities)

    def _answer(self, intent: str, text: str, entities: list[dict[str, Any]]) -> list[Answer]:
        with self.database.read() as connection:
            self.conversation = require_conversation(connection, self.conversation.conversation_id)
        answers = ACTIONS[intent].answer(Talk(self.desk, self.conversation, self.person_id, text, intent, entities))
        latest = {"intent": {"name": intent}, "entities": entities}
        with self.database.write() as connection:
            drafts = [
                Draft(
                    "bot",
                    one.kind,
                    one.text,
                    extra=one.custom.get("extra", {}),
                    understood=keep_understood(latest) | one.custom.get("understood", {}),
                )
                for one in answers
                if one.text
            ]
            append_messages(connection, self.conversation.conversation_id, drafts, at=AT)
        return answers


@contextmanager
def open_deli(folder: Path, texts: Texts) -> Iterator[Deli]:
    """The delicatessen, imported from its files."""
    kettles = Kettles(folder, picture_origins=(PICTURES,))
    try:
        kettles.bring(now=NOW, products=PRODUCTS, orders=ORDERS, customers=None, offers=None, offer_events=None)
        yield Deli(kettles, texts)
    finally:
        kettles.database.close()
