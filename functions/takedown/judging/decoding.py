"""Bytes to text the way browsers do it, and text to the form in which phrases are compared.

The order of the encoding standard is kept: byte order mark, then the header's charset, then the document's own word.
Only encodings that browsers know are tried, so a page cannot name one of Python's transforms (``rot13``, ``zlib``).
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata

# https://encoding.spec.whatwg.org/#names-and-labels, the labels that shops use → Python's superset of each.
_CODECS = {
    "utf-8": ("utf-8", "utf8", "unicode-1-1-utf-8"),
    "gb18030": ("gb18030", "gbk", "gb2312", "gb_2312-80", "x-gbk", "chinese", "iso-ir-58", "csgb2312"),
    "big5hkscs": ("big5", "big5-hkscs", "x-x-big5", "cn-big5", "csbig5"),
    "cp932": ("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms_kanji", "csshiftjis"),
    "euc_jp": ("euc-jp", "x-euc-jp", "cseucpkdfmtjapanese"),
    "iso2022_jp": ("iso-2022-jp", "csiso2022jp"),
    "cp949": ("euc-kr", "ks_c_5601-1987", "ks_c_5601-1989", "ksc5601", "korean", "windows-949", "cseuckr"),
    "cp1252": ("windows-1252", "cp1252", "iso-8859-1", "iso8859-1", "latin1", "latin-1", "l1", "us-ascii", "ascii"),
    "utf-16-le": ("utf-16", "utf-16le", "ucs-2", "unicode", "csunicode"),
    "utf-16-be": ("utf-16be", "unicodefffe"),
    "cp874": ("windows-874", "tis-620", "iso-8859-11"),
    "koi8-r": ("koi8-r", "koi8", "koi"),
    "koi8-u": ("koi8-u",),
    "cp866": ("ibm866", "cp866"),
    "cp1254": ("windows-1254", "iso-8859-9", "latin5"),
    "iso8859-2": ("iso-8859-2", "latin2"),
    "iso8859-15": ("iso-8859-15", "latin9"),
    **{f"cp125{n}": (f"windows-125{n}", f"cp125{n}") for n in (0, 1, 3, 5, 6, 7, 8)},
    **{f"iso8859-{n}": (f"iso-8859-{n}",) for n in (3, 4, 5, 6, 7, 8, 10, 13, 14, 16)},
}
_LABELS = {label: codec for codec, labels in _CODECS.items() for label in labels}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta\s[^>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_PRESCAN = 8192  # the standard says 1024; real shops put the element later and browsers cope
_SNIFF = 512

_HUGE_REFERENCE = re.compile(r"&#(?:[xX][0-9a-fA-F]{9}[0-9a-fA-F]*+|[0-9]{9}[0-9]*+);?")
_IGNORED = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+")
_QUOTES = {"'": "\u2018\u2019\u201a\u201b\u02bc\u00b4`\u2032", '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"}
_MAX_MARKS = 8  # Zalgo text aside, no script stacks more


def decode(body: bytes | str, content_type: str | None) -> str:
    """Return the text of a body. Never fails: what cannot be read becomes U+FFFD.

    Parameters
    ----------
    body
        Bytes, or text that has been decoded before.
    content_type
        The header, for its charset.
    """
    if isinstance(body, str):
        return body.encode("utf-8", "replace").decode("utf-8")  # lone surrogates are not text
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    declared = _CHARSET.search((content_type or "")[:_SNIFF])
    codec = _LABELS.get(declared[1].lower(), "") if declared else ""
    if not codec:
        codec = _from_document(body)
    return body.decode(codec, "replace")


def _from_document(body: bytes) -> str:
    start = body[:_PRESCAN]
    meta = _META.search(start)
    if meta:
        codec = _LABELS.get(meta[1].decode("ascii", "replace").lower(), "utf-8")
        # A document whose ASCII could be read is not UTF-16, whatever it says (the standard, prescan step 15).
        return "utf-8" if codec.startswith("utf-16") else codec
    zeros_even, zeros_odd = start[0::2].count(0), start[1::2].count(0)
    if max(zeros_even, zeros_odd) * 4 > len(start) > 1:  # half of ASCII text in UTF-16 is zeros
        return "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.end >= len(body) else "cp1252"  # a cut last character is no other encoding
    return "utf-8"


def unescape(text: str) -> str:
    """Decode character references; walls write theirs as ``errors&#46;edgesuite&#46;net``."""
    # html.unescape hands digits to int(), which refuses very long ones.
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def fold(text: str) -> str:
    """Return text as phrases are compared: NFKC, plain quotes, no invisible characters, one space, case folded."""
    if not text.isascii():
        text = _plain_quotes(_IGNORED.sub("", text))
        text = _plain_quotes(unicodedata.normalize("NFKC", _cut_marks(text)))
    return " ".join(text.casefold().split())


def _plain_quotes(text: str) -> str:
    for plain, others in _QUOTES.items():
        for other in others:
            text = text.replace(other, plain)  # far quicker than str.translate on megabytes
    return text


def _cut_marks(text: str) -> str:
    """Shorten endless runs of combining marks: normalising them is quadratic."""
    if not any(map(unicodedata.combining, text)):
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)
