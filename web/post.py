"""Emptying the outbox every few seconds: letters over SMTP, in plain text, and calls of the webhook. What is not set up is never written."""

import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from data.outbox import CALL, Letter, give_up, has_due, note_failed, note_sent, take_due
from web.background import Background
from web.figures import given_up_letters
from web.house import House
from web.webhook import CallFailed, call_webhook

EVERY_S = 2.0
TIMEOUT_S = 20.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_log = logging.getLogger("candor.post")


def make_post(house: House) -> Background:
    """What empties the outbox as long as the gateway lives."""
    return Background(house, empty_outbox, name="letters", every_s=EVERY_S, log=_log)


def empty_outbox(house: House) -> int:
    """Send what is due; returns how many went."""
    if house.settings.smtp_url is None and house.settings.webhook_url is None:
        return 0
    sent = 0
    while letters := _take(house):
        for letter in letters:
            try:
                _send(letter, house)
            except (OSError, smtplib.SMTPException, CallFailed) as failure:
                told = str(failure) if isinstance(failure, CallFailed) else type(failure).__name__
                _log.warning("%s %s was not taken, try %d: %s", letter.kind, letter.letter_id, letter.tries, told)
                with house.database.write() as connection:
                    note_failed(connection, letter, now=house.clock.machine_seconds())
                continue
            sent += 1
            with house.database.write() as connection:
                note_sent(connection, letter)
    return sent


def _take(house: House) -> list[Letter]:
    with house.database.read() as connection:
        if not has_due(connection, now=house.clock.machine_seconds()):
            return []
    with house.database.write() as connection:
        given_up = give_up(connection, now=house.clock.machine_seconds())
        taken = take_due(connection, now=house.clock.machine_seconds())
    for kind, letter_id, tries in given_up:
        _log.warning("%s %s was given up after %d tries: its time is over", kind, letter_id, tries)
        given_up_letters.inc()
    return taken


def _send(letter: Letter, house: House) -> None:
    settings = house.settings
    if letter.kind == CALL:
        call_webhook(letter, secrets=settings.webhook_secrets)
    elif settings.smtp_url is None:
        raise OSError("No mail server is set any more.")
    else:
        send_letter(letter, url=settings.smtp_url, sender=settings.mail_from or "")


def send_letter(letter: Letter, *, url: str, sender: str) -> None:
    """Hand a letter to the mail server; over TLS, but for a server on this machine. Raises `OSError` or `SMTPException`."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"], message["Message-ID"] = (
        formatdate(),
        make_msgid(letter.letter_id, sender.rpartition("@")[2].strip(">")),
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    at = urlsplit(url)
    host, context = at.hostname or "", ssl.create_default_context()
    if at.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, at.port or 465, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, at.port or 587, timeout=TIMEOUT_S)
    with server:
        if at.scheme == "smtp" and host not in LOOPBACK:
            server.starttls(context=context)
        if at.username:
            server.login(unquote(at.username), unquote(at.password or ""))
        server.send_message(message)
