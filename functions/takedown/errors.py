"""Every error Takedown raises on purpose, as one tree.

TakedownError
├── InputError                 something given to us cannot be used; names the field and the remedy
│   ├── UrlRefusedError        a URL that the guard will not visit, with the guard's reason
│   └── ConfigurationError     a setting of the deployment is missing or wrong
├── NotFoundError              no such case, listing, notice or bundle for this tenant
├── ConflictError              the state of the record does not allow it now
│   ├── TransitionError        a state change that the tables in `states.py` do not hold
│   ├── AlreadyExistsError     something was written under that name before; nothing was overwritten
│   └── ApprovalError          the approval is missing, stale, for another text, or by the preparer
├── ForbiddenError             the actor may not do this
├── IntegrityError             stored bytes, a hash, a signature or a chain does not match
│   └── ChainError             the custody chain breaks; names the first difference
├── BundleUnusableError        not a bundle that can be read at all (verifier exit code 3)
├── TimeStampError             a time-stamp answer that cannot be used
├── SendUnknownError           a mail may or may not have left; never retried, a person decides
└── RetryableError             a passing fault; state machines retry this class by its exact name
"""

from __future__ import annotations


class TakedownError(Exception):
    """Base of every error raised on purpose."""


class InputError(TakedownError):
    """Something given to us cannot be used.

    Parameters
    ----------
    field
        Path of the offending field as the caller wrote it, for example ``listings[3].url``.
    problem
        What is wrong, in one sentence.
    remedy
        What to do about it, in one sentence; may be empty.
    """

    def __init__(self, field: str, problem: str, remedy: str = "") -> None:
        super().__init__(f"{field}: {problem}" + (f" {remedy}" if remedy else ""))
        self.field = field
        self.problem = problem
        self.remedy = remedy


class InputListError(InputError):
    """Several problems with one request, all of them at once; the first one stands for them."""

    def __init__(self, problems: list[InputError]) -> None:
        first = problems[0]
        super().__init__(first.field, first.problem, first.remedy)
        self.problems = problems


class UrlRefusedError(InputError):
    """The guard will not visit this URL."""


class ConfigurationError(InputError):
    """A setting of the deployment is missing or wrong; `field` is the setting's name."""


class NotFoundError(TakedownError):
    """No such record for this tenant (a foreign id looks the same)."""


class ConflictError(TakedownError):
    """The state of the record does not allow this now."""


class TransitionError(ConflictError):
    """A state change that the transition tables do not hold."""


class AlreadyExistsError(ConflictError):
    """Something was written under this name before; nothing was overwritten."""


class ApprovalError(ConflictError):
    """The approval is missing, stale, for another text, or by the person who prepared the notice."""


class ForbiddenError(TakedownError):
    """The actor may not do this."""


class IntegrityError(TakedownError):
    """Stored bytes, a hash, a signature or a chain does not match what was recorded."""


class ChainError(IntegrityError):
    """A custody chain breaks; the message names the first difference."""


class BundleUnusableError(TakedownError):
    """The file is not a bundle that can be read at all."""


class TimeStampError(TakedownError):
    """A time-stamp answer that cannot be used."""


class NotAcceptedError(TakedownError):
    """A mail was definitely not accepted; it may be tried again."""


class SendUnknownError(TakedownError):
    """A mail may or may not have left. Never retried: a person decides."""


class RetryableError(TakedownError):
    """A passing fault. State machines retry this class by its exact name."""


class NameLookupError(RetryableError):
    """A name gave no address this time. A passing fault: it says nothing about whether a listing is still there.

    Parameters
    ----------
    host
        The name that was asked for.
    code
        ``dns_not_found`` (the name does not exist, or has no address) or ``dns_failed`` (no usable answer came).
    sentence
        What happened, in a sentence without a full stop.
    """

    def __init__(self, host: str, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.host = host
        self.code = code
        self.sentence = sentence


class NameNotFoundError(NameLookupError):
    """The name does not exist in DNS now, or has neither an A nor an AAAA record."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "dns_not_found", f"{host} has no address in DNS now; retryable")


class NameLookupFailedError(NameLookupError):
    """DNS gave no usable answer: a time-out, a broken server, a name it cannot carry."""

    def __init__(self, host: str, detail: str) -> None:
        super().__init__(host, "dns_failed", f"DNS gave no answer for {host} ({detail}); retryable")
