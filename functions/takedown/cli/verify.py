"""`takedown verify`: checks a bundle offline."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from takedown.bundle.visible import visible
from takedown.errors import BundleUnusableError, InputError
from takedown.verify import Check, Limits, Report, Status, Verdict, verify_bundle
from takedown.verify.report import UNUSABLE

TITLES = {
    "archive-names": "Names unpack safely, none twice",
    "archive-form": "The archive's form, no hidden bytes",
    "contents": "Everything else",
    "readable": "Every file can be read",
    "signing-key": "Key is the one you were told",
    "bundle-signature": "Signature over the bundle",
    "bundle-tokens": "Time stamps are those that were signed",
    "bundle-time-stamp": "Time stamps over the bundle",
    "bag-declaration": "BagIt 1.0",
    "bag-info": "Size and number of files",
    "manifest-sha256": "Payload, SHA-256, none added",
    "manifest-sha512": "Payload, SHA-512, none added",
    "tagmanifest-sha256": "Other files, SHA-256, none added",
    "tagmanifest-sha512": "Other files, SHA-512, none added",
    "case": "Case document",
    "withheld": "List of what is withheld",
    "capture-record": "Captures: records",
    "capture-files": "Captures: files as recorded",
    "capture-seal": "Captures: seals over these records",
    "capture-signature": "Captures: seals signed",
    "capture-time-stamp": "Captures: time stamps",
    "capture-time": "Captures: ended before they were stamped",
    "capture-unlisted": "Captures: no file added",
    "custody-chain": "Custody record: chain",
    "custody-head": "Custody record: end",
    "custody-case": "Custody record: of this case",
    "custody-captures": "Custody record: every capture is here",
    "custody-notices": "Custody record: every notice is here",
    "notice-approval": "Notices: approved as sent, by another",
    "notice-message": "Notices: messages say what was approved",
    "observations": "Looks: as captured, of this case",
    "custody-looks": "Looks: each on the custody record",
    "listings": "Listings: as captured, told and noticed",
    "readme": "README.html: runs and loads nothing",
}
"""How each check is called before a reader."""

SHOWN = 20
"""How many failures of one check are spelled out; `--json` gives all."""

_GRAVITY = [Status.FAIL, Status.SKIP, Status.PASS]
_LOOK = {Status.PASS: ("ok", "green"), Status.FAIL: ("FAILED", "bold red"), Status.SKIP: ("open", "yellow")}
_VERDICTS = {
    Verdict.VERIFIED: ("VERIFIED", "bold green", "Intact, signed with the key given, and time-stamped."),
    Verdict.TAMPERED: ("TAMPERED OR BROKEN", "bold red", "This is not the bundle that was exported."),
    Verdict.TRUST_OPEN: (
        "INTACT, TRUST NOT ESTABLISHED",
        "bold yellow",
        "Nothing was changed since it was signed. By whom, and when: bring --key-fingerprint and --root from outside.",
    ),
}


class UnusableError(click.ClickException):
    """Input that is no bundle: one line, exit code 3."""

    exit_code = UNUSABLE

    def format_message(self) -> str:
        """Keep control characters of file names away from the terminal."""
        return visible(self.message)


class VerifyCommand(click.Command):
    """Click leaves with 2 on wrong usage, which here means *trust not established*."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and let wrong usage count as unusable input."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise UnusableError(error.format_message()) from error


@click.command("verify", cls=VerifyCommand)
@click.argument("bundle", metavar="BUNDLE")
@click.option("--root", "roots", metavar="PEM", multiple=True, help="Root certificates of time-stamp authorities.")
@click.option(
    "--key-fingerprint", "keys", metavar="HEX", multiple=True, help="SHA-256 of the key that may have signed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option("--max-member", default=Limits.member, show_default=True, help="Bytes of one file, unpacked.")
@click.option("--max-total", default=Limits.total, show_default=True, help="Bytes of all files, unpacked.")
def verify(
    bundle: str,
    *,
    roots: tuple[str, ...],
    keys: tuple[str, ...],
    as_json: bool,
    max_member: int,
    max_total: int,
) -> None:
    """Verify BUNDLE, a .zip as it was exported or a folder it was unpacked into. Nothing is sent or fetched.

    A .zip that another tool packed anew is not judged: unpack it and verify the folder.

    Give the root certificates and the key's fingerprint from a place outside of the bundle: what stands in it cannot
    vouch for itself.

    Exit code: 0 verified; 1 tampered or broken; 2 intact, but trust not established; 3 unusable input.
    """
    limits = Limits(member=max_member, total=max_total)
    try:
        report = verify_bundle(bundle, roots=[Path(root) for root in roots], key_fingerprints=keys, limits=limits)
    except (BundleUnusableError, InputError) as error:
        if as_json:
            click.echo(
                json.dumps({"bundle": bundle, "verdict": "unusable", "exit_code": UNUSABLE, "reason": str(error)})
            )
            sys.exit(UNUSABLE)
        raise UnusableError(f"{bundle}: {error}") from error
    if as_json:
        # ASCII only: what a hostile bundle calls its files must not reach the terminal raw.
        click.echo(json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=True))
    else:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a narrow terminal must not end the report
        _show(report, Console(highlight=False))
    sys.exit(report.exit_code)


def _show(report: Report, console: Console) -> None:
    withheld = f", {report.withheld} withheld as declared" if report.withheld else ""
    console.print(Text(visible(report.bundle), style="bold"), Text(f"{report.files} files{withheld}"), sep="\n")
    console.print()
    for name in dict.fromkeys(check.name for check in report.checks):
        _show_checks(console, name, [check for check in report.checks if check.name == name])
    word, style, meaning = _VERDICTS[report.verdict]
    console.print()
    console.print(Text(word, style=style), Text(meaning), sep="\n")


def _show_checks(console: Console, name: str, checks: list[Check]) -> None:
    """One line for all checks of a name, and below it whatever did not pass."""
    passed = [check for check in checks if check.status is Status.PASS]
    worst = min((check.status for check in checks), key=_GRAVITY.index)
    word, style = _LOOK[worst]
    if worst is Status.SKIP and not any(check.leaves_trust_open for check in checks):
        word = "note"
    detail = f"{len(passed)} of {len(checks)}" if len(checks) > 1 else visible(passed[0].reason if passed else "")
    title = TITLES.get(name, visible(name))
    console.print(Text.assemble((f"{word:<7}", style), f"{title:<41}", (detail, "dim")))
    for line in _unusual(checks):
        console.print(Padding(line, (0, 0, 0, 9)))


def _unusual(checks: list[Check]) -> Iterator[Text]:
    """Say what did not pass, each reason once with all that it concerns."""
    reasons: dict[tuple[Status, str], list[str]] = {}
    for check in checks:
        if check.status is not Status.PASS:
            reasons.setdefault((check.status, check.reason), []).append(check.subject)
    for (status, reason), subjects in sorted(reasons.items(), key=lambda item: _GRAVITY.index(item[0][0]))[:SHOWN]:
        named = ", ".join(visible(subject) for subject in subjects[:SHOWN] if subject)
        more = f" and {len(subjects) - SHOWN} more" if len(subjects) > SHOWN else ""
        yield Text(f"{named}{more}: {visible(reason)}" if named else visible(reason), style=_LOOK[status][1])
    if len(reasons) > SHOWN:
        yield Text(f"… and {len(reasons) - SHOWN} more; --json gives all")
