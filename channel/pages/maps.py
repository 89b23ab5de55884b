"""Where a page sends whoever wants a map: a place as an address, in the datum of the map that opens."""

from urllib.parse import quote

from channel import words
from scans.places import from_wgs84


def map_of(lat_deg: float, lon_deg: float, *, name: str = "") -> str:
    """Return what opens a map at a place (WGS-84): an app's page in Chinese, else the phone's choice.

    A place with a name is one to go to: the app is opened where the phone has it.
    """
    if words.language() == "zh":
        lat_deg, lon_deg = from_wgs84(lat_deg, lon_deg, "gcj02")
        named = (f"&name={quote(name)}", "&callnative=1") if name else ("", "")
        return f"https://uri.amap.com/marker?position={lon_deg:.6f},{lat_deg:.6f}{named[0]}&coordinate=gaode{named[1]}"
    place = f"{lat_deg:.6f},{lon_deg:.6f}"
    return f"geo:{place}?q={place}" + (f"({quote(name)})" if name else "")
