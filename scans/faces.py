"""Stage 2, print: where on a label each thing stands, in millimetres. Knows nobody."""

from dataclasses import dataclass

from scans.fonts import SERIAL_EM
from scans.layouts import DOT_MM, Layout
from scans.symbols import QUIET

FONT_SHARE = 0.82  # of a line's height


@dataclass(frozen=True, slots=True)
class Face:
    """What is the same on all labels of a run: layout, modules a side, characters of a code's text, people's words."""

    layout: Layout
    size: int
    chars: int
    name: str = ""
    lot: str = ""

    @property
    def shows_serial(self) -> bool:
        """Whether the code's own text is below its symbol."""
        return "serial" in self.layout.text

    @property
    def lines(self) -> list[str | None]:
        """The lines of text from the top; None is the code's own."""
        return [{"serial": None, "name": self.name, "lot": self.lot}[line] for line in self.layout.text]

    def module_mm(self, *, dot_mm: float = DOT_MM) -> float:
        """Return the module in whole dots of a printer.

        Raises: LayoutError.
        """
        return self.layout.fitted_module_mm(self.size, dot_mm=dot_mm)

    def symbol_mm(self, *, dot_mm: float = DOT_MM) -> tuple[float, float]:
        """Return how far the left and the top of the symbol are from those of the label, quiet zone not counted."""
        module_mm = self.module_mm(dot_mm=dot_mm)
        block_mm = (self.size + 2 * QUIET) * module_mm + len(self.layout.text) * self.layout.text_mm
        left_mm = (self.layout.label_width_mm - self.size * module_mm) / 2
        return left_mm, (self.layout.label_height_mm - block_mm) / 2 + QUIET * module_mm

    def line_mm(self, number: int, *, dot_mm: float = DOT_MM) -> float:
        """Return how far the top of a line of text (counted from 0) is from that of the label."""
        below = (self.size + QUIET) * self.module_mm(dot_mm=dot_mm)
        return self.symbol_mm(dot_mm=dot_mm)[1] + below + number * self.layout.text_mm

    @property
    def serial_em_mm(self) -> float:
        """The height of the font of serials, so that they have room."""
        return min(FONT_SHARE * self.layout.text_mm, self.layout.room_mm / (SERIAL_EM * self.chars))
