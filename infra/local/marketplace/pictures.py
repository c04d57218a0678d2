"""Product pictures as PNG, painted on first use: the same bytes for the same data, and no binary files to keep."""

from __future__ import annotations

import io
import threading
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from infra.local.marketplace.canvas import Canvas, cover, gradient, mix, shadow
from infra.local.marketplace.motifs import PAINTERS, illustration

if TYPE_CHECKING:
    from infra.local.marketplace.products import Motif, Picture

VIEWS = ("front", "room", "detail", "dark")
WIDTHS = (160, 360, 1000)

_painting = threading.Lock()


def png(picture: Picture, view: str, width: int) -> bytes:
    """Paint one picture.

    Parameters
    ----------
    picture
        What it shows.
    view
        One of `VIEWS`.
    width
        One of `WIDTHS`; pictures are square.
    """
    with _painting:  # several tabs ask for the same picture at once: paint it once
        return _png(picture, view, width)


@cache
def favicon() -> bytes:
    """Return the shop's icon."""
    buffer = io.BytesIO()
    cover(illustration().crop((130, 430, 530, 830)), 64, 64).save(buffer, "ICO", sizes=[(32, 32)])
    return buffer.getvalue()


@cache
def _png(picture: Picture, view: str, width: int) -> bytes:
    if width == max(WIDTHS):
        image = _compose(picture, view)
    else:
        with Image.open(io.BytesIO(_png(picture, view, max(WIDTHS)))) as large:
            image = large.resize((width, width), Image.Resampling.BICUBIC, reducing_gap=2)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


@cache
def _object(motif: Motif, colour: str) -> Image.Image:
    return PAINTERS[motif](colour)


def _compose(picture: Picture, view: str) -> Image.Image:
    layer = _object(picture.motif, picture.colour)
    top, bottom = picture.background
    match view:
        case "room":
            ground, layer = _room(top, bottom), _standing(layer, 700, 880)
        case "dark":
            ground = gradient(1000, 1000, mix(bottom, "#1c1d2b", 0.7), mix(bottom, "#0e0f18", 0.9))
        case _:
            ground = gradient(1000, 1000, top, bottom)
    image = ground.convert("RGBA")
    image.alpha_composite(shadow(layer, 26, 24, 0.45))
    image.alpha_composite(layer)
    if view == "detail":
        image = image.crop((270, 250, 770, 750)).resize((1000, 1000), Image.Resampling.BICUBIC)
    if view == "front":
        plate = Canvas()
        width = 50 + 15 * len(picture.caption)
        plate.box((36, 916), (width, 56), "#ffffffd8", 28)
        plate.text((36 + width / 2, 944), picture.caption, 32, "#3a332c")
        image.alpha_composite(plate.finish())
    return image.convert("RGB")


def _standing(layer: Image.Image, width: int, ground: int) -> Image.Image:
    """Scale what is painted and stand it on a line."""
    small = layer.resize((width, width), Image.Resampling.LANCZOS)
    bottom = (small.getbbox() or (0, 0, width, width))[3]
    standing = Image.new("RGBA", layer.size)
    standing.paste(small, ((layer.width - width) // 2, ground - bottom))
    return standing


@cache
def _room(top: str, bottom: str) -> Image.Image:
    """Paint a wall with a window's light, a shelf and a plant."""
    canvas = Canvas()
    canvas.paste(gradient(1000, 1000, mix(top, "#ffffff", 0.3), mix(bottom, "#ffffff", 0.2)), (0, 0), (1000, 1000))
    canvas.polygon([(60, 0), (360, 0), (660, 780), (360, 780)], "#ffffff38")
    canvas.polygon([(420, 0), (620, 0), (920, 780), (720, 780)], "#ffffff38")
    canvas.box((0, 780), (1000, 220), mix("#a9794f", bottom, 0.25))
    canvas.box((0, 780), (1000, 14), mix("#c79a70", bottom, 0.25))
    for x, y in ((905, 480), (860, 560), (945, 570), (880, 450), (930, 640)):
        canvas.ellipse((x, y), (34, 74), mix("#5c8a5a", bottom, 0.15))
    canvas.polygon([(845, 680), (965, 680), (945, 830), (865, 830)], mix("#c56b4a", top, 0.15))
    return canvas.finish()
