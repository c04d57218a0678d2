"""Paints what is on sale: each motif is one function from a colour to a picture on a transparent ground."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from infra.local.marketplace.canvas import Canvas, gradient, mix

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from infra.local.marketplace.products import Motif

_FOX, _FOX_DARK, _CREAM, _INK, _MOON = "#d9682e", "#a9481b", "#fbeede", "#141b38", "#fbeec0"


@cache
def illustration() -> Image.Image:
    """Paint the work that the shop's listings copy: a fox on a hill under a big moon."""
    canvas = Canvas(700, 1000)
    canvas.paste(gradient(700, 1000, "#17224f", "#7a5a8c"), (0, 0), (700, 1000))
    for index in range(70):
        x, y = (index * 197) % 700, (index * index * 31 + index * 53) % 620
        size = 1.6 + (index % 4) * 0.9
        canvas.ellipse((x, y), (size, size), mix("#fff6d8", "#7a86c0", (index % 3) / 4))
    for step in range(6):
        canvas.ellipse((430, 330), (235 - step * 11, 235 - step * 11), mix("#4a4a82", _MOON, (step + 1) / 6))
    for x, y, size in ((370, 270, 28), (480, 390, 38), (500, 260, 17), (380, 420, 14)):
        canvas.ellipse((x, y), (size, size), mix(_MOON, "#c9a86a", 0.35))
    canvas.ellipse((140, 900), (520, 240), "#3f4f7c")
    canvas.ellipse((610, 960), (480, 270), "#2c3a64")
    canvas.ellipse((260, 1060), (620, 300), _INK)
    for x, height in ((70, 120), (130, 165), (600, 140), (655, 95)):
        for tier in range(3):
            width, top = 16 + tier * 13, 780 - height + tier * height / 3.4
            canvas.polygon([(x, top), (x - width, top + height / 2), (x + width, top + height / 2)], "#0d132b")
    _fox(canvas, 300, 780)
    canvas.text((350, 905), "The Fox Who Kept", 46, _CREAM)
    canvas.text((350, 955), "the Moon", 46, _CREAM)
    return canvas.finish()


def _fox(canvas: Canvas, x: float, y: float) -> None:
    """Paint a sitting fox that looks up; (x, y) is the ground under it."""
    canvas.ellipse((x - 105, y - 38), (88, 40), _FOX_DARK)
    canvas.ellipse((x - 172, y - 52), (34, 24), _CREAM)
    canvas.polygon([(x - 62, y), (x - 48, y - 120), (x, y - 190), (x + 50, y - 120), (x + 58, y)], _FOX)
    canvas.ellipse((x, y - 45), (64, 52), _FOX)
    canvas.polygon([(x + 2, y - 170), (x + 44, y - 110), (x + 34, y - 10), (x + 6, y - 40)], _CREAM)
    canvas.polygon([(x - 62, y - 290), (x - 46, y - 205), (x - 2, y - 240)], _FOX_DARK)
    canvas.polygon([(x + 58, y - 300), (x + 8, y - 240), (x + 60, y - 210)], _FOX)
    canvas.polygon([(x - 60, y - 235), (x + 64, y - 240), (x + 92, y - 190), (x + 6, y - 152), (x - 56, y - 180)], _FOX)
    canvas.polygon([(x + 92, y - 190), (x + 6, y - 152), (x + 14, y - 186)], _CREAM)
    canvas.ellipse((x + 92, y - 191), (8, 7), _INK)
    canvas.arc((x + 34, y - 208), (13, 10), (190, 350), _INK, 4)
    canvas.box((x - 44, y - 16), (40, 16), _FOX_DARK, 8)
    canvas.box((x + 10, y - 16), (40, 16), _FOX_DARK, 8)


def _poster(colour: str) -> Image.Image:
    canvas = Canvas()
    canvas.box((190, 70), (620, 860), colour, 6)
    canvas.box((204, 84), (592, 832), mix(colour, "#ffffff", 0.25), 3)
    canvas.box((212, 92), (576, 816), "#fdfbf6")
    canvas.paste(illustration(), (252, 132), (496, 736))
    return canvas.finish()


def _mug(colour: str) -> Image.Image:
    canvas = Canvas()
    canvas.ring((745, 520), (130, 165), mix(colour, "#8a8578", 0.2), 46)
    canvas.box((240, 260), (500, 560), colour, 46)
    canvas.paste(illustration(), (290, 330), (400, 420), radius=8)
    canvas.shade((240, 255), (502, 570), 60)
    canvas.ellipse((490, 264), (250, 46), mix(colour, "#8a8578", 0.25))
    canvas.ellipse((490, 268), (230, 36), "#5b3a24")
    for x in (430, 500, 570):
        canvas.arc((x, 160), (22, 60), (100, 260), "#ffffffaa", 9)
    return canvas.finish()


def _tote(colour: str) -> Image.Image:
    canvas = Canvas()
    canvas.arc((500, 330), (150, 270), (180, 360), mix(colour, "#6b5638", 0.45), 34)
    canvas.arc((500, 350), (150, 230), (180, 360), mix(colour, "#6b5638", 0.2), 34)
    canvas.polygon([(235, 330), (765, 330), (805, 930), (195, 930)], colour)
    canvas.box((235, 330), (530, 34), mix(colour, "#6b5638", 0.14))
    canvas.paste(illustration().crop((0, 0, 700, 860)), (330, 440), (340, 418), radius=10)
    canvas.shade((190, 320), (620, 615), 60)
    return canvas.finish()


def _puzzle(colour: str) -> Image.Image:
    canvas = Canvas()
    canvas.box((130, 150), (640, 640), colour, 14)
    canvas.paste(illustration(), (150, 170), (600, 600))
    for index in range(1, 6):
        canvas.line([(150 + index * 100, 170), (150 + index * 100, 770)], "#00000055", 3)
        canvas.line([(150, 170 + index * 100), (750, 170 + index * 100)], "#00000055", 3)
    for row in range(6):
        for column in range(1, 6):
            side = 1 if (row + column) % 2 else -1
            canvas.ring((150 + column * 100 + side * 12, 220 + row * 100), (17, 17), "#00000055", 3)
    for column, row, x, y, turn in ((2, 3, 760, 700, 18), (3, 2, 820, 520, -24), (2, 2, 700, 830, 40)):
        left, top = 100 + column * 100, 250 + row * 100
        piece = illustration().crop((left, top, left + 117, top + 117))
        canvas.box((150 + (column + row) % 5 * 100, 670), (100, 100), mix(colour, "#d8c8ae", 0.6))
        canvas.paste(piece, (x, y), (118, 118), radius=24, turn=turn)
    return canvas.finish()


def _case(colour: str) -> Image.Image:
    canvas = Canvas()
    canvas.box((290, 80), (420, 850), colour, 74)
    canvas.paste(illustration(), (304, 94), (392, 822), radius=62)
    canvas.box((324, 114), (150, 160), mix(colour, "#8088a8", 0.25), 40)
    for x, y in ((362, 154), (362, 234), (436, 194)):
        canvas.ellipse((x, y), (29, 29), "#0a0c18")
        canvas.ellipse((x - 7, y - 7), (9, 9), "#55608f")
    canvas.polygon([(610, 94), (696, 94), (500, 916), (414, 916)], "#ffffff18")
    return canvas.finish()


def _shirt(colour: str) -> Image.Image:
    canvas = Canvas()
    sleeve = mix(colour, "#000000", 0.12)
    canvas.polygon([(320, 150), (120, 300), (205, 450), (330, 370)], sleeve)
    canvas.polygon([(680, 150), (880, 300), (795, 450), (670, 370)], sleeve)
    canvas.polygon([(320, 150), (400, 130), (600, 130), (680, 150), (700, 900), (300, 900)], colour)
    canvas.ellipse((500, 132), (104, 52), mix(colour, "#000000", 0.3))
    canvas.ellipse((500, 120), (92, 44), mix(colour, "#ffffff", 0.2))
    canvas.paste(illustration().crop((30, 60, 670, 860)), (370, 290), (260, 325), radius=40)
    canvas.shade((115, 125), (770, 780), 55)
    return canvas.finish()


def _cards(colour: str) -> Image.Image:
    canvas = Canvas()
    for x, turn, crop in ((90, 13, (0, 0, 700, 620)), (520, -12, (100, 380, 700, 1000)), (310, 1, (0, 0, 700, 1000))):
        framed = Canvas(420, 600, colour)
        framed.paste(illustration().crop(crop), (24, 24), (372, 552))
        canvas.paste(framed.finish(), (x, 230), (380, 540), turn=turn)
    return canvas.finish()


def _watch(colour: str) -> Image.Image:
    canvas = Canvas()
    strap, light = "#3a2418", mix(colour, "#ffffff", 0.45)
    canvas.polygon([(400, 40), (600, 40), (640, 330), (360, 330)], strap)
    canvas.polygon([(360, 670), (640, 670), (600, 960), (400, 960)], strap)
    canvas.line([(418, 50), (380, 320)], "#8a6646", 4)
    canvas.line([(582, 50), (620, 320)], "#8a6646", 4)
    canvas.line([(380, 680), (418, 950)], "#8a6646", 4)
    canvas.line([(620, 680), (582, 950)], "#8a6646", 4)
    for y in (400, 478, 556):
        canvas.box((745, y), (52, 44), colour, 8)
    canvas.ellipse((500, 500), (272, 272), mix(colour, "#000000", 0.25))
    canvas.ellipse((500, 500), (264, 264), light)
    canvas.ellipse((500, 500), (238, 238), colour)
    canvas.ellipse((500, 500), (216, 216), "#101a2e")
    for minute in range(60):
        angle, inner = minute * math.pi / 30, 178 if minute % 5 == 0 else 196
        start = (500 + inner * math.sin(angle), 500 - inner * math.cos(angle))
        end = (500 + 206 * math.sin(angle), 500 - 206 * math.cos(angle))
        canvas.line([start, end], light, 9 if minute % 5 == 0 else 3)
    for x, y in ((415, 500), (585, 500), (500, 595)):
        canvas.ellipse((x, y), (54, 54), "#22304d")
        canvas.ring((x, y), (54, 54), colour, 3)
        canvas.line([(x, y), (x + 22, y - 30)], light, 4)
    canvas.text((500, 385), "ORELIA", 36, light)
    canvas.text((500, 420), "CHRONOGRAPHE", 14, light)
    canvas.line([(500, 500), (398, 420)], "#ffffff", 13)
    canvas.line([(500, 500), (620, 356)], "#ffffff", 9)
    canvas.line([(470, 640), (500, 500), (540, 310)], "#d2483a", 4)
    canvas.ellipse((500, 500), (13, 13), colour)
    return canvas.finish()


def _handbag(colour: str) -> Image.Image:
    canvas = Canvas()
    gold, seam = "#d3ab5c", mix(colour, "#000000", 0.35)
    for index in range(41):
        angle = math.pi * index / 40
        place = (500 - 250 * math.cos(angle), 430 - 340 * math.sin(angle))
        canvas.ring(place, (19, 19), gold if index % 2 else mix(gold, "#000000", 0.2), 7)
    canvas.box((190, 400), (620, 480), colour, 46)
    for offset in range(-450, 620, 76):
        start, end = max(0, -offset), min(456, 596 - offset)
        canvas.line([(202 + offset + start, 412 + start), (202 + offset + end, 412 + end)], seam, 4)
        canvas.line([(798 - offset - start, 412 + start), (798 - offset - end, 412 + end)], seam, 4)
    canvas.polygon([(200, 404), (800, 404), (740, 640), (260, 640)], mix(colour, "#ffffff", 0.1))
    canvas.line([(200, 404), (260, 640), (740, 640), (800, 404)], seam, 5)
    canvas.shade((185, 395), (630, 490), 75)
    canvas.ellipse((500, 640), (58, 50), gold)
    canvas.ellipse((500, 640), (44, 37), mix(gold, "#ffffff", 0.45))
    canvas.text((500, 640), "MV", 42, mix(gold, "#000000", 0.55))
    return canvas.finish()


def _teapot(colour: str) -> Image.Image:
    canvas = Canvas()
    dark = mix(colour, "#000000", 0.25)
    canvas.ring((745, 540), (130, 160), dark, 40)
    canvas.polygon([(290, 640), (110, 380), (80, 400), (95, 440), (240, 760)], dark)
    canvas.ellipse((500, 570), (285, 255), colour)
    canvas.box((360, 790), (280, 44), dark, 18)
    canvas.ellipse((480, 690), (235, 100), mix(colour, "#f1e6cf", 0.35))
    canvas.ellipse((500, 335), (150, 42), dark)
    canvas.ellipse((500, 318), (142, 46), mix(colour, "#ffffff", 0.15))
    canvas.ellipse((500, 258), (32, 30), dark)
    canvas.shade((205, 225), (595, 620), 85)
    canvas.ellipse((390, 470), (46, 92), "#ffffff33")
    return canvas.finish()


def _scarf(colour: str) -> Image.Image:
    canvas = Canvas()
    for column, (left, bottom) in enumerate(((300, 860), (520, 780))):
        for stripe in range(14):
            shade = mix(colour, "#f3e7d3", (0.1, 0.75, 0.3, 0.0)[(stripe + column) % 4])
            top = 240 + stripe * (bottom - 240) / 14
            canvas.box((left, top), (200, (bottom - 240) / 14 + 1), shade)
        for thread in range(20):
            canvas.line([(left + 5 + thread * 10, bottom), (left + 5 + thread * 10, bottom + 52)], colour, 4)
    canvas.shade((300, 240), (200, 620), 75)
    canvas.shade((520, 240), (200, 540), 75)
    for ring in range(6):
        fold = mix(colour, "#f3e7d3", (0.1, 0.55, 0.25)[ring % 3])
        canvas.ring((510, 280), (300 - ring * 26, 170 - ring * 15), fold, 30)
    return canvas.finish()


def _lantern(colour: str) -> Image.Image:
    canvas = Canvas()
    light = mix(colour, "#ffffff", 0.25)
    canvas.arc((500, 300), (190, 230), (180, 360), colour, 16)
    canvas.polygon([(400, 250), (600, 250), (680, 340), (320, 340)], light)
    canvas.box((430, 190), (140, 62), colour, 14)
    canvas.box((345, 340), (310, 430), "#dfeaf0c8", 34)
    for step in range(5):
        canvas.ellipse((500, 600), (120 - step * 22, 150 - step * 24), mix("#f7e8b9", "#f08a24", step / 5) + "b0")
    for x in (345, 490, 635):
        canvas.box((x, 340), (20, 430), colour)
    canvas.box((300, 760), (400, 60), light, 16)
    canvas.box((330, 815), (340, 70), colour, 20)
    return canvas.finish()


PAINTERS: dict[Motif, Callable[[str], Image.Image]] = {
    "poster": _poster,
    "mug": _mug,
    "tote": _tote,
    "puzzle": _puzzle,
    "case": _case,
    "shirt": _shirt,
    "cards": _cards,
    "watch": _watch,
    "handbag": _handbag,
    "teapot": _teapot,
    "scarf": _scarf,
    "lantern": _lantern,
}
