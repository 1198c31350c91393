"""Getting in, one's own account and the owner's list of staff, in a browser: by keyboard, pasted codes, axe, 200 % zoom, targets of 24 px."""

import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import find_faults, find_heard, hear, open_page, reach, sign_in_staff, take_picture
from tests.serving import make_settings
from tests.staffing import add_staff, require_second_factor, run_gateway

GOOD, OTHER = "tulip river seven kite", "velvet engine forty pond"
FIND_SMALL = """() => [...document.querySelectorAll('button, input, select, summary, a')]
  .filter(one => one.getClientRects().length && getComputedStyle(one).visibility !== 'hidden')
  .filter(one => { const box = one.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
  .map(one => `${one.localName} ${(one.textContent || one.id).trim().slice(0, 40)}`)"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    settings = make_settings(tmp_path, bot_port=1, demo=False)
    add_staff(settings, ("olga", "owner"), ("sam", "agent"), password=GOOD)
    with run_gateway(settings) as url:
        yield url


@pytest.fixture
def strict_url(tmp_path: Path) -> Iterator[str]:
    settings = make_settings(tmp_path, bot_port=1, demo=False, shop_file=require_second_factor(tmp_path))
    add_staff(settings, ("olga", "owner"), password=GOOD)
    with run_gateway(settings) as url:
        yield url


def check_looks(page: Page) -> None:
    assert find_faults(page) == []
    assert page.evaluate(FIND_SMALL) == []


def sign_in(page: Page, url: str, username: str, password: str = GOOD) -> None:
    page.goto(f"{url}/staff", wait_until="networkidle")  # its script listens
    page.get_by_label("Name", exact=True).fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")


def paste(page: Page, field: Locator, text: str) -> None:
    """As a person pastes: the clipboard and the keys for it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    field.focus()
    page.keyboard.press("Control+V")


def open_part(page: Page, name: str) -> Locator:
    page.get_by_role("navigation").get_by_role("button", name=name).click()
    return page.get_by_role("region", name=name, exact=True)


def confirm(page: Page, password: str = GOOD) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(password)
    page.keyboard.press("Enter")


def test_a_wrong_try_is_told_and_what_was_typed_stays(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        sign_in(page, url, "sam", "not it at all")
        expect(page.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
        expect(page.get_by_label("Name", exact=True)).to_have_value("sam")
        expect(page.get_by_label("Code from your phone")).to_be_hidden()
        for _ in range(5):
            with page.expect_response("**/staff/api/session"):
                page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("Too many tries that failed. Wait")
        check_looks(page)


def test_a_second_step_is_set_up_and_asked_for_with_a_pasted_code(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        sign_in(page, url, "sam")
        account = open_part(page, "Your account")
        account.get_by_role("button", name="Set it up").click()
        confirm(page, "not it")
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("That is not your password.")
        check_looks(page)
        confirm(page)
        expect(account.get_by_label("Code that the app shows now")).to_be_focused()
        secret = account.locator(".factor-key").inner_text().replace(" ", "")
        expect(account.get_by_role("img", name="Picture for the app")).to_be_visible()
        check_looks(page)
        take_picture(page, "access-second-step")
        page.keyboard.type("000000")
        page.keyboard.press("Enter")
        expect(account.get_by_role("alert").filter(has_text="That is not the code of this picture.")).to_be_visible()
        code = pyotp.TOTP(secret).now()
        account.get_by_label("Code that the app shows now").fill("")
        paste(page, account.get_by_label("Code that the app shows now"), f" {code[:3]} {code[3:]} ")
        page.keyboard.press("Enter")
        codes = account.locator(".recovery li")
        expect(codes).to_have_count(10)
        recovery = codes.first.inner_text()
        check_looks(page)
        account.get_by_role("button", name="I have kept them").click()
        expect(account).to_contain_text("It is on. You have 10 recovery codes left.")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.get_by_label("Name", exact=True).fill("sam")
        page.get_by_label("Password", exact=True).fill(GOOD)
        page.keyboard.press("Enter")
        field = page.get_by_label("Code from your phone, or a recovery code")
        expect(field).to_be_focused()
        expect(page.get_by_role("alert")).to_contain_text("Your password is right.")
        expect(page.get_by_label("Password", exact=True)).to_have_value(GOOD)
        check_looks(page)
        take_picture(page, "access-code")
        field.fill(code)  # used already
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("wrong or was used before")
        field.fill("")
        paste(page, field, recovery.upper().replace("-", " "))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Waiting")).to_be_visible()


def test_an_owner_adds_somebody_who_chooses_a_password(browser: Browser, url: str) -> None:
    with open_page(browser) as page, open_page(browser) as fresh:
        sign_in(page, url, "olga")
        staff = open_part(page, "Staff")
        staff.get_by_label("Name to sign in with").fill("kim")
        staff.get_by_label("Name that customers read").fill("Kim Ito")
        staff.get_by_role("button", name="Add somebody").click()
        expect(page.get_by_role("dialog")).to_contain_text("Kim Ito will be able to sign in as Agent.")
        check_looks(page)
        confirm(page)
        expect(staff.get_by_role("heading", name="Password for Kim Ito")).to_be_focused()
        temporary = staff.locator(".factor-key").inner_text()
        expect(staff.locator("summary").filter(has_text="Kim Ito")).to_contain_text("has yet to choose a password")
        check_looks(page)
        take_picture(page, "access-staff")

        sign_in(fresh, url, "kim", temporary)
        expect(fresh.get_by_role("heading", name="Set up your account")).to_be_focused()
        check_looks(fresh)
        take_picture(fresh, "access-set-up")
        fresh.get_by_label("Password you have now").fill(temporary)
        fresh.get_by_label("New password, 12 letters or more").fill("password1234")
        fresh.keyboard.press("Enter")
        expect(fresh.get_by_role("alert").filter(has_text="soon guessed")).to_be_visible()
        paste(fresh, fresh.get_by_label("New password, 12 letters or more"), "")
        fresh.get_by_label("New password, 12 letters or more").fill("")
        paste(fresh, fresh.get_by_label("New password, 12 letters or more"), OTHER)
        fresh.keyboard.press("Enter")
        expect(fresh.get_by_role("heading", name="Waiting")).to_be_visible()
        expect(fresh.get_by_role("navigation").get_by_role("button", name="Staff", exact=True)).to_have_count(0)

        row = staff.locator("details.card").filter(has_text="Kim Ito")
        row.locator("> summary").click()
        row.get_by_role("button", name="Shut out").click()
        expect(page.get_by_role("dialog")).to_contain_text("Kim Ito is signed out at once")
        began = time.monotonic()
        confirm(page)
        expect(fresh.get_by_text("Your session has ended.")).to_be_visible()
        assert time.monotonic() - began < 5
        expect(row.locator("> summary")).to_contain_text("shut out")
        row.get_by_role("button", name="Let in again").click()
        confirm(page)
        expect(row.locator("> summary")).not_to_contain_text("shut out")
        sign_in(fresh, url, "kim", OTHER)
        expect(fresh.get_by_role("heading", name="Waiting")).to_be_visible()
        row.get_by_label("Role").select_option("supervisor")
        row.get_by_role("button", name="Change role").click()
        expect(page.get_by_role("dialog")).to_contain_text("Kim Ito gets the role Supervisor.")
        page.keyboard.press("Escape")
        expect(row.locator("> summary")).to_contain_text("Agent")  # nothing without the password


def test_an_owner_makes_a_key_sees_it_once_and_revokes_it(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        sign_in(page, url, "olga")
        staff = open_part(page, "Staff")
        row = staff.locator("details.card[data-username=sam]")
        row.locator("> summary").press("Enter")
        keys = row.locator("details.keys")
        keys.locator("summary").press("Enter")
        expect(keys).to_contain_text("There is no key.")
        keys.get_by_label("What the key is for").fill("Help desk")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text("A system with the new key will be able to work as")
        confirm(page)
        expect(staff.get_by_role("heading", name="Key “Help desk”")).to_be_focused()
        key = staff.locator(".factor-key").inner_text()
        headers = {"Authorization": f"Bearer {key}"}
        with page.context.browser.new_context() as elsewhere:  # type: ignore[union-attr]
            assert elsewhere.request.get(f"{url}/staff/api/handoffs", headers=headers).status == 200
            row.locator("details.keys summary").press("Enter")
            expect(row.locator("details.keys")).to_contain_text("Help desk made")
            check_looks(page)
            take_picture(page, "access-keys")
            row.get_by_role("button", name="Revoke: Help desk").press("Enter")
            expect(row.locator("details.keys")).to_contain_text("There is no key.")
            assert elsewhere.request.get(f"{url}/staff/api/handoffs", headers=headers).status == 401


def test_where_it_is_required_the_second_step_comes_first(browser: Browser, strict_url: str) -> None:
    with open_page(browser) as page:
        sign_in(page, strict_url, "olga")
        expect(page.get_by_role("heading", name="Set up your account")).to_be_focused()
        page.get_by_label("Your password").fill(GOOD)
        page.keyboard.press("Enter")
        code = pyotp.TOTP(page.locator(".factor-key").inner_text().replace(" ", "")).now()
        check_looks(page)
        page.get_by_label("Code that the app shows now").fill(code)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Your recovery codes")).to_be_focused()
        page.reload()  # the codes are gone, the account is set up
        expect(page.get_by_role("heading", name="Waiting")).to_be_visible()


def test_sessions_elsewhere_are_seen_and_ended(browser: Browser, url: str) -> None:
    with open_page(browser) as page, open_page(browser) as other:
        sign_in(other, url, "sam")
        other.get_by_role("heading", name="Waiting").wait_for()
        sign_in(page, url, "sam")
        account = open_part(page, "Your account")
        expect(account.locator(".sessions li")).to_have_count(2)
        expect(account.locator(".sessions li").first).to_contain_text("here")
        check_looks(page)
        take_picture(page, "access-account")
        account.get_by_role("button", name="Sign out of Chrome, Linux").click()
        expect(account.locator(".sessions li")).to_have_count(1)
        expect(other.get_by_text("Your session has ended.")).to_be_visible()


def test_all_of_it_goes_by_keyboard(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        page.goto(f"{url}/staff")
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        page.keyboard.type("olga")
        reach(page, page.get_by_label("Password", exact=True))
        page.keyboard.type(GOOD)
        reach(page, page.get_by_role("button", name="Sign in"))
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Waiting").wait_for()
        reach(page, page.get_by_role("navigation").get_by_role("button", name="Staff", exact=True))
        page.keyboard.press("Enter")
        row = page.locator("details.card").filter(has_text="Sam")
        reach(page, row.locator("> summary"))
        page.keyboard.press("Enter")
        shut = row.get_by_role("button", name="Shut out")
        reach(page, shut)
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_label("Your password")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(shut).to_be_focused()


def test_a_screen_reader_hears_what_is_asked(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        page.goto(f"{url}/staff")
        find_heard(
            hear(page), ("heading", "Sign in"), ("textbox", "Name"), ("textbox", "Password"), ("button", "Sign in")
        )
        sign_in(page, url, "olga")
        page.get_by_role("heading", name="Waiting").wait_for()
        staff = open_part(page, "Staff")
        staff.locator("summary").filter(has_text="Sam").click()
        find_heard(
            hear(page), ("region", "Staff"), ("combobox", "Role"), ("button", "Change role"), ("button", "Shut out")
        )
        staff.get_by_role("button", name="Shut out").click()
        said = find_heard(hear(page), ("dialog", "Shut out"), ("textbox", "Your password"), ("button", "Yes, do it"))
        assert "signed out at once" in str(said[0].states["description"])


@pytest.mark.parametrize(("width", "height", "scheme"), [(640, 400, "light"), (320, 568, "dark"), (1440, 900, "dark")])
def test_it_is_clean_and_fits_at_200_percent_and_on_a_phone(
    browser: Browser, url: str, width: int, height: int, scheme: str
) -> None:
    """640 by 400 is a window of 1280 by 800 at 200 %."""
    with open_page(browser, width=width, height=height, color_scheme=scheme) as page:
        page.goto(f"{url}/staff")
        check_looks(page)
        sign_in(page, url, "olga")
        page.get_by_role("heading", name="Waiting").wait_for()
        for part in ("Staff", "Your account"):
            place = open_part(page, part)
            place.get_by_role("heading").nth(1).wait_for()
            if part == "Staff":
                place.locator("summary").filter(has_text="Sam").click()
            check_looks(page)
            take_picture(page, f"access-{part.split()[-1].lower()}-{width}")


def test_the_demo_signs_in_with_a_password_alone(browser: Browser, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, bot_port=1, shop_file=require_second_factor(tmp_path))
    add_staff(settings, ("sam", "agent"), ("olga", "owner"))
    with run_gateway(settings) as url:
        for username in ("sam", "olga"):
            with open_page(browser) as page:
                sign_in_staff(page, url, username)
                check_looks(page)


def test_a_console_that_nobody_touches_signs_out(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        page.clock.install()
        sign_in(page, url, "sam")
        page.get_by_role("heading", name="Waiting").wait_for()
        page.clock.fast_forward("10:00")
        page.mouse.move(300, 300)
        page.clock.run_for(60_000)
        page.clock.fast_forward("10:00")
        expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
        page.clock.fast_forward("06:00")
        page.clock.run_for(20_000)
        expect(page.get_by_text("Your session has ended.")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.request.get(f"{url}/staff/api/session").status == 401
