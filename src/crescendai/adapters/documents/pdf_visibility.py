"""Which of a PDF page's text a reader sees.

Text drawn in the invisible mode is the layer that text recognition lays over a scan; there it is
what the picture shows, and stays. On a page that shows other text, or no picture, nobody sees it.
Letters under one point, and white ones on a page without any picture or shape, are not seen either.
"""

from __future__ import annotations

import ctypes
from typing import Any

from pypdfium2 import raw

_MIN_POINTS = 1.0
_WHITE = 250  # of 255, for each colour
_MAX_OBJECTS = 200_000  # looked at on one page
_SHAPES = (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING)


def visible_text(page: Any) -> tuple[str, int]:
    """The page's text without what is hidden, and how many characters that is."""
    textpage = page.get_textpage()
    text = textpage.get_text_range()
    if not text.strip():
        return text, 0
    hidden = _hidden_objects(page)
    if not hidden:
        return text, 0
    kept = []
    unseen = 0
    for at in range(textpage.count_chars()):
        letter = raw.FPDFText_GetUnicode(textpage, at)
        owner = raw.FPDFText_GetTextObject(textpage, at)
        if owner and ctypes.addressof(owner.contents) in hidden:
            unseen += 0 if chr(letter).isspace() else 1
        elif letter:
            kept.append(chr(letter))
    # what PDFium gives may be UTF-16 units: a pair of them stands for one character
    units = "".join(kept).encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "ignore"), unseen


def _hidden_objects(page: Any) -> set[int]:
    """Addresses of the text objects that show nothing."""
    invisible, faint, white, seen = set(), set(), set(), 0
    shapes = pictures = 0
    for number, thing in enumerate(page.get_objects(max_depth=4)):
        if number > _MAX_OBJECTS:
            break
        shapes += thing.type in _SHAPES
        pictures += thing.type == raw.FPDF_PAGEOBJ_IMAGE
        if thing.type != raw.FPDF_PAGEOBJ_TEXT:
            continue
        address = ctypes.addressof(thing.raw.contents)
        mode = raw.FPDFTextObj_GetTextRenderMode(thing.raw)
        if mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
            invisible.add(address)
        elif thing.container is None and _points(thing) < _MIN_POINTS:
            faint.add(address)
        elif mode == raw.FPDF_TEXTRENDERMODE_FILL and _is_white(thing):
            white.add(address)
        else:
            seen += 1
    if pictures and not seen:
        invisible.clear()
    return invisible | faint | (set() if shapes else white)


def _points(thing: Any) -> float:
    """The height of the letters as they appear."""
    size = ctypes.c_float()
    if not raw.FPDFTextObj_GetFontSize(thing.raw, size):
        return _MIN_POINTS
    matrix = thing.get_matrix()
    return abs(size.value) * float(max(abs(matrix.c), abs(matrix.d)))


def _is_white(thing: Any) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(thing.raw, red, green, blue, alpha):
        return False
    return alpha.value == 0 or min(red.value, green.value, blue.value) >= _WHITE
