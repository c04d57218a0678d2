"""A canvas of 1000 units that is painted at twice its size, so that edges come out smooth."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Point = tuple[float, float]
_SCALE = 2


class Canvas:
    """Shapes by centre and radius, on a transparent ground unless one is given."""

    def __init__(self, width: int = 1000, height: int = 1000, ground: str = "#00000000") -> None:
        self._picture = Image.new("RGBA", (width * _SCALE, height * _SCALE), ground)

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """Fill a polygon."""
        with self._pen(fill) as pen:
            pen.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=fill)

    def ellipse(self, centre: Point, radii: Point, fill: str) -> None:
        """Fill an ellipse."""
        with self._pen(fill) as pen:
            pen.ellipse(_around(centre, radii), fill=fill)

    def ring(self, centre: Point, radii: Point, colour: str, width: float) -> None:
        """Draw an ellipse's outline, inside its radii."""
        with self._pen(colour) as pen:
            pen.ellipse(_around(centre, radii), outline=colour, width=round(width * _SCALE))

    def arc(self, centre: Point, radii: Point, angles: Point, colour: str, width: float) -> None:
        """Draw part of an ellipse's outline, clockwise from three o'clock, in degrees."""
        with self._pen(colour) as pen:
            pen.arc(_around(centre, radii), *angles, fill=colour, width=round(width * _SCALE))

    def box(self, corner: Point, size: Point, fill: str, radius: float = 0) -> None:
        """Fill a rectangle, with round corners if asked."""
        (x, y), (width, height) = corner, size
        place = [x * _SCALE, y * _SCALE, (x + width) * _SCALE, (y + height) * _SCALE]
        with self._pen(fill) as pen:
            pen.rounded_rectangle(place, radius * _SCALE, fill=fill)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        """Draw a line through points."""
        places = [(x * _SCALE, y * _SCALE) for x, y in points]
        with self._pen(colour) as pen:
            pen.line(places, fill=colour, width=round(width * _SCALE), joint="curve")

    def text(self, centre: Point, words: str, size: float, colour: str) -> None:
        """Write words around a centre, in the font that Pillow brings: the same on every machine."""
        place = (centre[0] * _SCALE, centre[1] * _SCALE)
        with self._pen(colour) as pen:
            pen.text(place, words, font=_font(size * _SCALE), fill=colour, anchor="mm")

    def paste(self, picture: Image.Image, corner: Point, size: Point, *, radius: float = 0, turn: float = 0) -> None:
        """Lay a picture on the canvas, with round corners or turned (degrees, counter-clockwise) if asked."""
        width, height = round(size[0] * _SCALE), round(size[1] * _SCALE)
        piece = cover(picture, width, height).convert("RGBA")
        mask = Image.new("L", piece.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), radius * _SCALE, fill=255)
        piece.putalpha(mask)
        if turn:
            piece = piece.rotate(turn, Image.Resampling.BICUBIC, expand=True)
        left = round((corner[0] + size[0] / 2) * _SCALE - piece.width / 2)
        top = round((corner[1] + size[1] / 2) * _SCALE - piece.height / 2)
        self._picture.alpha_composite(piece, (left, top))

    def shade(self, corner: Point, size: Point, strength: int = 70) -> None:
        """Darken what is painted in a rectangle towards its right edge, as light from the left does."""
        width, height = round(size[0] * _SCALE), round(size[1] * _SCALE)
        left, top = round(corner[0] * _SCALE), round(corner[1] * _SCALE)
        place = (left, top, left + width, top + height)
        dark = (
            Image.linear_gradient("L")
            .rotate(90)
            .resize((width, height))
            .point([v * strength // 255 for v in range(256)])
        )
        patch = self._picture.crop(place)
        alpha = patch.getchannel("A")
        patch = Image.composite(Image.new("RGBA", patch.size, "#101020"), patch, dark)
        patch.putalpha(alpha)
        self._picture.paste(patch, (left, top))

    def finish(self) -> Image.Image:
        """Return the picture at its nominal size."""
        return self._picture.reduce(_SCALE)

    @contextmanager
    def _pen(self, colour: str) -> Iterator[ImageDraw.ImageDraw]:
        """Draw in place, or through a layer of its own where the colour is translucent: a pen replaces, not blends."""
        if len(colour) <= len("#rrggbb"):
            yield ImageDraw.Draw(self._picture)
            return
        layer = Image.new("RGBA", self._picture.size)
        yield ImageDraw.Draw(layer)
        self._picture.alpha_composite(layer)


def gradient(width: int, height: int, top: str, bottom: str) -> Image.Image:
    """Two colours, one running into the other from top to bottom."""
    mask = Image.linear_gradient("L").resize((width, height), Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", (width, height), bottom), Image.new("RGB", (width, height), top), mask)


def cover(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Scale and crop around the centre so that the picture fills the size."""
    scale = max(width / picture.width, height / picture.height)
    bigger = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    left, top = (bigger.width - width) // 2, (bigger.height - height) // 2
    return bigger.crop((left, top, left + width, top + height))


def shadow(layer: Image.Image, offset: int, blur: int, strength: float) -> Image.Image:
    """Return the soft shadow that a layer casts, as a layer of the same size."""
    alpha = layer.getchannel("A").point([round(value * strength) for value in range(256)])
    moved = Image.new("L", layer.size, 0)
    moved.paste(alpha, (0, offset))
    dark = Image.new("RGBA", layer.size, "#241a12")
    dark.putalpha(moved.filter(ImageFilter.GaussianBlur(blur)))
    return dark


def mix(one: str, other: str, share: float) -> str:
    """Blend two colours; `share` of the other."""
    pairs = zip(ImageColor.getrgb(one)[:3], ImageColor.getrgb(other)[:3], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _around(centre: Point, radii: Point) -> list[float]:
    (x, y), (rx, ry) = centre, radii
    return [(x - rx) * _SCALE, (y - ry) * _SCALE, (x + rx) * _SCALE, (y + ry) * _SCALE]
