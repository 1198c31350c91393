"""`/how-it-works`: what the assistant is, what orders the offers, which data, how long, how fairly, what went wrong, who to write to.

Made from what is in force when it is asked for: shop.toml, the version of the rankers that serves with the figures beside it, the tables
of the code itself. Nothing in it is written by hand for one shop but the owner's account of an incident.
"""

import json
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection, func, select

from data.classes import TABLES
from data.clock import parse_time
from data.held import list_group_names
from data.incidents import fetch_incidents
from data.tables import offers
from models.features import GROUPS, PERSONAL
from models.parameters import load_parameters
from models.ranker import Shelf
from models.stated import CATEGORY_OF_RULE
from models.wording import name_language, say_count, say_date, say_list
from web.conversations import HouseHere
from web.house import House, list_wanted
from web.incidents import describe_incident
from web.speech import title_category

router = APIRouter()
CATEGORY_OF_GROUP = {group.name: group.category for group in GROUPS}
RETENTION_OF_CATEGORY = {"purchases": "purchases_for_offers", "offers": "impressions", "browsing": "browsing"}


def get_spoken(request: Request, house: HouseHere) -> House:
    """The house in the language that is asked for."""
    return house.speak(*list_wanted(request))


@router.get("/api/how-it-works")
def get_how_it_works(house: House = Depends(get_spoken)) -> dict[str, Any]:
    """The page as JSON: the same facts, the same sentences."""
    return tell_how_it_works(house)


def tell_how_it_works(house: House) -> dict[str, Any]:
    """All of it, in the house's language."""
    say, shop = house.texts.say, house.shop
    with house.database.read() as connection:
        shelf = house.recommender.fetch_shelf(connection)
        sets = _list_sets(house, shelf)
        return {
            "shop": {
                "name": shop.name,
                "controller": shop.controller,
                "contact": shop.contact,
                "languages": [name_language(one) for one in house.languages],
            },
            "assistant": [
                say("how.bot", shop=shop.name),
                say("how.person"),
                say(
                    "how.languages",
                    languages=say_list([name_language(one) for one in house.languages], house.texts.lang),
                ),
            ],
            "ranking": _tell_ranking(house, shelf) | {"sets": sets, "rules": _list_rules(house)},
            "categories": [_tell_category(house, category, shelf, sets) for category in shop.categories],
            "never_used": _list_never(connection, house),
            "retention": [
                {"what": say(f"how.kept_{name}"), "name": name, "days": days, "text": _say_days(house, days)}
                for name, days in shop.retention_days.items()
            ],
            "fairness": _tell_fairness(house, shelf),
            "sensitive": [{"group": group.name, "title": group.title} for group in shop.sensitive.values()],
            "incidents": [describe_incident(house, one) for one in fetch_incidents(connection)],
            "complaints": [
                say("how.review"),
                say("how.write", controller=shop.controller, contact=shop.contact),
                say("how.authority"),
            ],
        }


def _say_days(house: House, days: int) -> str:
    return house.texts.say("how.days", count=say_count(days, house.texts.lang))


def _tell_ranking(house: House, shelf: Shelf | None) -> dict[str, Any]:
    """Which version orders the offers, from how much it was learned, and what is done without it."""
    say, lang = house.texts.say, house.texts.lang
    if shelf is None or not shelf.rankers:
        return {"version": shelf.version if shelf else None, "trained_on": None, "text": [say("how.no_ranker")]}
    return {
        "version": shelf.version,
        "trained_on": shelf.cut.isoformat(),
        "text": [
            say(
                "how.ranker",
                date=say_date(shelf.cut, house.clock.today(), lang),
                lines=say_count(int(shelf.facts["rows"]), lang),
                people=say_count(int(shelf.facts["buyers"]), lang),
                version=shelf.version,
            ),
            say("how.without"),
        ],
    }


def _list_sets(house: House, shelf: Shelf | None) -> list[dict[str, Any]]:
    """For each set of consents that has a ranker: what weighs how much. Empty where it was not measured for this version."""
    measured = load_parameters(house.settings.var / "models" / shelf.version) if shelf else None
    say, lang = house.texts.say, house.texts.lang
    found = []
    for one in (measured or {}).get("sets", []):
        names = [house.recommender.name_category(category) for category in one["consents"]]
        parameters = [
            {
                "group": row["group"],
                "category": CATEGORY_OF_GROUP[row["group"]],
                "title": say(f"how.group_{row['group']}"),
                "share": row["share"],
                "percent": round(100 * row["share"]),
            }
            for row in one["parameters"]
        ]
        key = "how.set_coupons" if one["slot"] == "coupons" else "how.set"
        text = say(key, categories=say_list(names, lang))
        found.append({"slot": one["slot"], "consents": one["consents"], "text": text, "parameters": parameters})
    return found


def _list_rules(house: House) -> list[str]:
    """The shop's rules of a slate, with the numbers of shop.toml."""
    say, shop = house.texts.say, house.shop
    told = [say("how.rule_sensitive"), say("how.rule_stated")]
    if shop.discoveries:
        told.append(say("how.rule_new", percent=round(100 * shop.discoveries), known=round(100 * shop.well_known)))
    return [*told, say("how.rule_aisle", most=shop.most_of_one_category), say("how.rule_staff")]


def _tell_category(house: House, category: str, shelf: Shelf | None, sets: list[dict[str, Any]]) -> dict[str, Any]:
    """A category of personal data: what for, what it would add to the choice, how long it counts."""
    say, shop = house.texts.say, house.shop
    kind = "sensitive" if category.startswith("sensitive_") else category
    days = shop.retention_days.get(RETENTION_OF_CATEGORY.get(category, ""))
    return {
        "category": category,
        "title": title_category(house, category),
        "purpose": say(f"privacy.purpose_of_{kind}"),
        "adds": _say_added(house, category, shelf, sets),
        "days": days,
        "kept": _say_days(house, days) if days else "",
    }


def _say_added(house: House, category: str, shelf: Shelf | None, sets: list[dict[str, Any]]) -> str:
    """What a category adds: its share of the weight where it is measured, a rule, or nothing."""
    say = house.texts.say
    if category in CATEGORY_OF_RULE.values():
        return say(f"how.adds_{category}")
    if category not in PERSONAL:
        return say("how.adds_sensitive" if category.startswith("sensitive_") else "how.adds_nothing")
    rankers = shelf.rankers if shelf else {}
    if not any(category in consents for consents in rankers):
        return say("how.adds_nothing_yet", fewest=house.shop.fewest_customers)
    shares = [
        sum(row["share"] for row in one["parameters"] if row["category"] == category)
        for one in sets
        if one["slot"] != "coupons" and category in one["consents"] and len(one["consents"]) == _most(sets)
    ]
    return say("how.adds", percent=round(100 * shares[0])) if shares else say("how.adds_unmeasured")


def _most(sets: list[dict[str, Any]]) -> int:
    return max(len(one["consents"]) for one in sets)


def _list_never(connection: Connection, house: House) -> list[dict[str, str]]:
    """What no choice of offers reads: from the ranker's columns, the classes of the tables, and what the shop imported."""
    say, lang = house.texts.say, house.texts.lang
    groups = list_group_names(connection)
    named = say_list([name.replace("_", " ") for name in groups], lang)
    sealed = sorted(
        {held.group for held in TABLES.values() if held.personal and held.group} - {"decisions"}
    )  # they act
    titles = [house.texts.say(f"privacy.group_{name}") for name in sealed]
    unused = [one for one in house.shop.categories if one not in PERSONAL | set(CATEGORY_OF_RULE.values())]
    plain = [title_category(house, one) for one in unused if not one.startswith("sensitive_")]
    personalized = connection.execute(
        select(func.count()).select_from(offers).where(offers.c.price_personalized)
    ).scalar_one()
    told = [
        {"name": "groups", "text": say("how.never_groups", groups=named) if groups else say("how.never_groups_none")},
        {"name": "words", "text": say("how.never_words", titles=say_list(titles, lang))},
        {"name": "others", "text": say("how.never_others", fewest=house.shop.fewest_counted)},
        {"name": "prices", "text": say("how.never_prices")},
    ]
    if plain:
        told.insert(1, {"name": "categories", "text": say("how.never_categories", categories=say_list(plain, lang))})
    if personalized:
        text = say("how.price_personalized", count=say_count(int(personalized), lang))
        told.append({"name": "price_personalized", "text": text})
    return told


def _tell_fairness(house: House, shelf: Shelf | None) -> dict[str, Any]:
    """The figures of the audit of the version that serves, or that there are none."""
    say, lang = house.texts.say, house.texts.lang
    audit = _read_audit(house, shelf.version) if shelf else None
    if not audit or not audit["findings"]:
        return {"audited": False, "text": _say_why_not(house, audit), "findings": []}
    findings = [
        {
            "group": finding["group"].replace("_", " "),
            "measure": finding["measure"],
            "title": say(f"how.measure_{finding['measure']}"),
            "difference": finding["model"]["difference"],
            "by_chance": finding["model"]["null_p95"],
            "limit": finding["limit"],
            "verdict": say(f"how.verdict_{_judge(finding)}"),
        }
        for finding in audit["findings"]
    ]
    people = say_count(int(audit["audited"]), lang)
    day = parse_time(f"{audit['day']}T12:00:00Z").date()
    text = say(
        "how.audited",
        people=people,
        date=say_date(day, house.clock.today(), lang),
        fewest=audit["fewest_in_group"],
    )
    return {"audited": True, "text": text, "findings": findings}


def _say_why_not(house: House, audit: dict[str, Any] | None) -> str:
    """Why there are no figures: no audit yet, no groups, too few who agreed, or nothing that could be told of them."""
    say, lang = house.texts.say, house.texts.lang
    if audit is None or "held" not in audit:
        return say("how.not_audited")
    if not audit["held"]:
        return say("how.not_audited_no_groups")
    held, fewest = say_count(audit["held"], lang), audit["fewest_in_group"]
    if not audit["agreeing"]:
        return say("how.not_audited_nobody_agreed", held=held, fewest=fewest)
    return say("how.not_audited_too_few", held=held, fewest=fewest, agreeing=say_count(audit["agreeing"], lang))


def _judge(finding: dict[str, Any]) -> str:
    if finding["limit"] is None:
        return "told"
    return "broken" if finding["over_limit"] or finding["above_personal_frequency"] else "kept"


def _read_audit(house: House, version: str) -> dict[str, Any] | None:
    path = house.settings.var / "reports" / f"audit-{version}.json"
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return told
