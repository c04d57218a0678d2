"""`takedown judge`: what an observation shows, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

import click
from pydantic import ValidationError

from takedown.errors import InputError
from takedown.judging import judge as judge_observation
from takedown.observation import Observation
from takedown.platform import load_library
from takedown.verdict import Verdict

ERROR = "ERROR"
_FORMAT = "It must be one object, or an array of objects, each with url and status."


class BadFileError(click.ClickException):
    """A file that cannot be read as observations at all: one line, exit code 2."""

    exit_code = 2


@click.command("judge")
@click.argument("file", metavar="[FILE|-]", type=click.File("rb"), default="-")
@click.option("--explain", is_flag=True, help="Quote the evidence, and say what would have changed the verdict.")
def judge(file: BinaryIO, *, explain: bool) -> None:
    """Judge observations of listings, one line of JSON each.

    FILE holds one observation or an array: url, status (0: no response), and where known final_url, headers,
    platform, complete, and the body as text in body_excerpt or in the file that body_file names. Other fields are
    ignored. Nothing is fetched.
    """
    name = str(getattr(file, "name", "-"))
    folder = Path() if name in {"-", "<stdin>"} else Path(name).parent
    value = _parse(file.read())
    items = value if isinstance(value, list) else [value]
    for number, item in enumerate(items):
        field = f"[{number}]" if isinstance(value, list) else ""
        try:
            line = _line(item, field, folder, explain=explain)
        except InputError as error:
            if not isinstance(value, list):
                raise BadFileError(str(error)) from error
            # One bad item does not cost the others their verdicts.
            line = {"id": _id(item), "verdict": ERROR, "reason": f"bad_input: {error}", "rule": None, "ruleset": None}
        click.echo(json.dumps(line, ensure_ascii=True))


def _parse(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFileError(f"not JSON: {error}. {_FORMAT}") from error
    if not isinstance(value, list | dict):
        raise BadFileError(f"the JSON is neither an object nor an array. {_FORMAT}")
    return value


def _line(item: Any, field: str, folder: Path, *, explain: bool) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    verdict = judge_observation(_observation(item, field, folder), rules=load_library())
    line = {
        "id": _id(item),
        "verdict": verdict.kind.value,
        "reason": verdict.reason,
        "rule": verdict.rule,
        "ruleset": verdict.ruleset,
    }
    return {**line, **_explanation(verdict)} if explain else line


def _explanation(verdict: Verdict) -> dict[str, Any]:
    return {
        "detail": verdict.detail,
        "evidence": [evidence.model_dump() for evidence in verdict.evidence],
        "would_change": verdict.would_change,
    }


def _id(item: Any) -> str | int | None:  # noqa: ANN401 - any JSON value
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str | int) else None


_FIELDS = ("url", "final_url", "status", "headers", "media_type", "platform", "complete")


def _observation(item: Any, field: str, folder: Path) -> Observation:  # noqa: ANN401 - any JSON value
    if not isinstance(item, dict):
        raise InputError(field or "(top level)", "is not an object.", _FORMAT)
    given = {name: item[name] for name in _FIELDS if item.get(name) is not None}
    for required in ("url", "status"):
        if required not in given:
            raise InputError(_path(field, required), "is missing.", _FORMAT)
    try:
        return Observation(**given, body=_body(item, field, folder))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(_path(field, place), f"{first['msg']}.") from error


def _body(item: dict[str, Any], field: str, folder: Path) -> bytes | str:
    file = item.get("body_file")
    if file is None:
        text = item.get("body_excerpt")
        if text is not None and not isinstance(text, str):
            raise InputError(
                _path(field, "body_excerpt"), "is not text.", "Put bytes into a file, and name it in body_file."
            )
        return text or ""
    if not isinstance(file, str):
        raise InputError(_path(field, "body_file"), "is not the name of a file.")
    try:
        return (folder / file).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise InputError(_path(field, "body_file"), f"{file!a} cannot be read: {reason}.") from error


def _path(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
