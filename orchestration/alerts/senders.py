"""Sends one message through one channel."""

import hashlib
import hmac
import json
import os
import smtplib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from orchestration.alerts.channels import Channel
from orchestration.alerts.post import TIMEOUT_SECONDS, FailedError, RefusedError, post

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Message:
    """`id` stays the same however often it is sent; `facts` as alert_history has them.

    `attached`: a file's name, its type and its bytes, which mail alone carries.
    """

    id: str
    text: str
    facts: Mapping[str, Any]
    attached: tuple[str, str, bytes] | None = None


@dataclass(frozen=True)
class Senders:
    """What channels need of this installation: HXI_ALERTS_*."""

    allow_private: bool = False
    telegram_url: str = "https://api.telegram.org"
    telegram_token: str = ""
    smtp_url: str = ""
    mail_from: str = "hxi-warehouse@localhost"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Senders":
        """Defaults where a variable is not set."""
        return cls(
            environment.get("HXI_ALERTS_ALLOW_PRIVATE", "") == "1",
            environment.get("HXI_ALERTS_TELEGRAM_URL", cls.telegram_url),
            environment.get("HXI_ALERTS_TELEGRAM_TOKEN", ""),
            environment.get("HXI_ALERTS_SMTP_URL", ""),
            environment.get("HXI_ALERTS_MAIL_FROM", cls.mail_from),
        )

    def send(self, channel: Channel, message: Message) -> None:
        """RefusedError, FailedError or UnknownError when it is not known to have arrived."""
        by_kind: Mapping[str, Callable[[Channel, Message], None]] = {
            "webhook": self._webhook,
            "slack": self._slack,
            "telegram": self._telegram,
            "email": self._email,
        }
        by_kind[channel.kind](channel, message)

    def _webhook(self, channel: Channel, message: Message) -> None:
        """Signed as `t=SECONDS,v1=HMAC-SHA256(secret, "SECONDS.BODY")` where there is a secret."""
        body = json.dumps({"id": message.id, "text": message.text, **message.facts}).encode()
        headers = {**JSON, "Idempotency-Key": message.id}
        if secret := channel.fields.get("secret"):
            headers["X-HXI-Signature"] = signature(secret, int(time.time()), body)
        post(channel.fields["url"], body, headers, allow_private=self.allow_private)

    def _slack(self, channel: Channel, message: Message) -> None:
        body = json.dumps({"text": message.text}).encode()
        post(channel.fields["url"], body, JSON, allow_private=self.allow_private)

    def _telegram(self, channel: Channel, message: Message) -> None:
        if not self.telegram_token:
            raise RefusedError("HXI_ALERTS_TELEGRAM_TOKEN is not set")
        body = json.dumps({"chat_id": channel.fields["chat_id"], "text": message.text}).encode()
        url = f"{self.telegram_url}/bot{self.telegram_token}/sendMessage"
        post(url, body, JSON, allow_private=self.allow_private)

    def _email(self, channel: Channel, message: Message) -> None:
        if not self.smtp_url:
            raise RefusedError("HXI_ALERTS_SMTP_URL is not set")
        parts = urlsplit(self.smtp_url)
        try:
            with _mail_server(parts.scheme, parts.hostname or "", parts.port or 0) as server:
                if parts.scheme == "smtp+starttls":
                    server.starttls()
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(_mail(self.mail_from, channel.fields["to"], message))
        except smtplib.SMTPRecipientsRefused as error:
            raise RefusedError(f"{channel.fields['to']} was refused") from error
        except (OSError, smtplib.SMTPException) as error:
            raise FailedError(f"{parts.hostname}: {error}") from error


def signature(secret: str, seconds: int, body: bytes) -> str:
    """What `X-HXI-Signature` says of a body sent at `seconds` since 1970."""
    digest = hmac.new(secret.encode(), b"%d.%s" % (seconds, body), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _mail_server(scheme: str, host: str, port: int) -> smtplib.SMTP:
    kind = smtplib.SMTP_SSL if scheme == "smtps" else smtplib.SMTP
    return kind(host, port, timeout=TIMEOUT_SECONDS)


def _mail(sender: str, receiver: str, message: Message) -> EmailMessage:
    """One id for all attempts: mail servers and readers show it once."""
    mail = EmailMessage()
    mail["Message-ID"] = f"<{message.id}@hxi-warehouse>"
    mail["From"], mail["To"] = sender, receiver
    mail["Subject"] = message.text.splitlines()[0][:200]
    mail.set_content(message.text)
    if message.attached:
        name, kind, content = message.attached
        main, _, sub = kind.partition("/")
        charset = {"charset": "utf-8"} if main == "text" else None
        mail.add_attachment(content, main, sub, filename=name, params=charset)
    return mail
