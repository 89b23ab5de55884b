"""Charts as inline SVG, made on the server. Pure: they know no word, no database, no request."""

from channel.charts.bars import Bar, Step, bars, columns, nearness, waterfall
from channel.charts.grids import Cell, calendar, hours, matrix, tiles
from channel.charts.lanes import Leg, Mark, lanes
from channel.charts.lines import BandDay, sparkline
from channel.charts.points import Point, Stop, route, scatter
from channel.charts.provinces import TILES, province
from channel.charts.spans import Span, spans
from channel.charts.supply import SupplyDay, supply_chart
from channel.charts.svg import Chart, Frame
from channel.charts.trails import Halt, Slot, crate, trail

__all__ = [
    "TILES",
    "BandDay",
    "Bar",
    "Cell",
    "Chart",
    "Frame",
    "Halt",
    "Leg",
    "Mark",
    "Point",
    "Slot",
    "Span",
    "Step",
    "Stop",
    "SupplyDay",
    "bars",
    "calendar",
    "columns",
    "crate",
    "hours",
    "lanes",
    "matrix",
    "nearness",
    "province",
    "route",
    "scatter",
    "spans",
    "sparkline",
    "supply_chart",
    "tiles",
    "trail",
    "waterfall",
]
