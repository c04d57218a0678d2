"""Mail through SES v2: one attempt, never a retry, since SES has no idempotency token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from takedown.errors import NotAcceptedError, SendUnknownError

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client

REFUSED = frozenset(
    {
        "AccountSuspendedException",
        "BadRequestException",
        "LimitExceededException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "NotFoundException",
        "SendingPausedException",
        "TooManyRequestsException",
        "AccessDeniedException",
    }
)
"""Errors with which SES definitely did not accept the message (SES v2 API reference, SendEmail)."""


class Mailbox:
    """The sending side.

    Parameters
    ----------
    client
        Made with ``Config(retries={"total_max_attempts": 1})``: botocore's default sent one mail three times in one
        call when the reply was lost.
    """

    def __init__(self, client: SESV2Client) -> None:
        retries: dict[str, object] = getattr(client.meta.config, "retries", None) or {}
        if retries.get("total_max_attempts") != 1:
            raise ValueError("the mail client must not retry: Config(retries={'total_max_attempts': 1})")
        self._ses = client

    def send(self, message: bytes, *, sender: str, recipient: str, tag: str) -> str:
        """Hand over one message and return the id that SES gave it.

        Raises
        ------
        NotAcceptedError
            Definitely not accepted.
        SendUnknownError
            It may have been accepted: the reply was lost, late, or a server error.
        """
        try:
            answer = self._ses.send_email(
                FromEmailAddress=sender,
                Destination={"ToAddresses": [recipient]},
                Content={"Raw": {"Data": message}},
                EmailTags=[{"Name": "notice", "Value": tag}],
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in REFUSED:
                raise NotAcceptedError(f"SES refused the message: {code}") from error
            raise SendUnknownError(f"SES answered {code}; whether it accepted the message is not known") from error
        except BotoCoreError as error:
            raise SendUnknownError(f"no usable answer from SES: {error}") from error
        return answer["MessageId"]
