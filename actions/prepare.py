"""`python -m actions.prepare`: tell the bot the shop's public words, before it is trained.

What the bot knows of the shop is public: product types, common questions, the names of sensitive groups. It is written into
files here, from the database, so that the bot itself needs no way to it.
"""

import sys
from pathlib import Path

from bot.prepare import prepare
from data.catalogue import fetch_brands, fetch_questions, fetch_types
from data.database import open_database
from data.errors import CandorError
from data.shop import read_shop
from settings import ROOT, BadSetting, Settings, read_settings


def main() -> int:
    """Read, write, say what changed."""
    try:
        changed = prepare_bot(read_settings())
    except (BadSetting, CandorError) as error:
        print(f"The bot's words were not written: {error}", file=sys.stderr)
        return 1
    print(f"written for the bot: {', '.join(path.name for path in changed) or 'nothing has changed'}")
    return 0


def prepare_bot(settings: Settings) -> list[Path]:
    """Write what the bot is trained on and reads; returns the files that changed."""
    shop = read_shop(settings.shop_file)
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    with database.read() as connection:
        types, questions = fetch_types(connection), fetch_questions(connection)
        brands = fetch_brands(connection)
    database.close()
    return prepare(
        settings.texts / shop.languages[0],
        [{"type_id": t.type_id, "title": t.title, "words": []} for t in types],
        [
            {"question_id": q.question_id, "title": q.title, "wordings": q.wordings, "answer": q.answer}
            for q in questions
        ],
        ROOT / "bot",
        settings.var,
        brands=brands,
        sensitive=[{"group": group.name, "words": [group.title, *group.words]} for group in shop.sensitive.values()],
    )


if __name__ == "__main__":
    sys.exit(main())
