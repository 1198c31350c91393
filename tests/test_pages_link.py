"""A customer who cannot sign in gets to their data by a mailed link, in a real browser."""

import re
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import insert

from data.customers import Customer, draw_person_id, seal_customer
from data.tables import customers
from tests.browsing import find_faults, open_browser, open_page
from tests.databases import open_settings
from tests.house import find_free_ports
from tests.listening import listen, open_box
from tests.making import AT
from tests.serving import StandIn, make_settings


def test_a_mailed_link_is_asked_for_opened_and_works_once(tmp_path: Path) -> None:
    bot, port = StandIn(), find_free_ports(1)[0]
    with open_box() as box, open_browser() as browser:
        settings = replace(
            make_settings(tmp_path, bot_port=bot.port, demo=False),
            smtp_url=f"smtp://127.0.0.1:{box.port}",
            mail_from="privacy@shop.example",
            public_url=f"http://127.0.0.1:{port}",
        )
        database = open_settings(settings)
        database.migrate()
        with database.write() as connection:
            made = Customer(draw_person_id(), "c1", "Ann Home", "ann@home.example", False, AT)
            connection.execute(insert(customers).values(seal_customer(connection, made)))
        database.close()
        with listen(settings, port), open_page(browser) as page:
            page.goto(f"{settings.public_url}/privacy")
            page.get_by_text("Not able to sign in?").click()
            page.get_by_label("Your mail address at the shop").fill("ann@home.example")
            assert find_faults(page) == []
            page.get_by_role("button", name="Send the link").click()
            expect(page.get_by_text("If this address belongs to a customer")).to_be_visible()
            for _ in range(100):
                if box.letters:
                    break
                page.wait_for_timeout(100)
            found = re.search(r"http://\S+#link=[\w-]+", box.letters[0].get_content())
            assert found is not None
            page.goto("about:blank")
            page.goto(found[0])
            expect(page.locator("#who")).to_contain_text("Ann Home")
            assert page.url == f"{settings.public_url}/privacy"
            page.goto("about:blank")
            page.goto(found[0])
            expect(page.get_by_text("This link has been used or has ended.")).to_be_visible()
            assert find_faults(page) == []
    bot.close()
