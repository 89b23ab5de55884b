"""Charts, part 4: where the provinces stand as tiles, and which of them a region's name means. Pure.

The tiles stand for provinces without drawing a border of any.
"""

from typing import NamedTuple

_ROWS = """
.  .  .  .  .  .  .  .  HL
.  .  .  .  .  .  NM .  JL
XJ .  .  GS NX .  BJ TJ LN
.  .  QH .  SN SX HE SD .
.  XZ .  SC CQ HA AH JS SH
.  .  .  .  GZ HB JX ZJ .
.  .  .  YN GX HN GD FJ TW
.  .  .  .  HI .  MO HK .
"""
# Code (GB/T 2260 in letters), short name, name, name in English.
_NAMES = """
BJ 京 北京 Beijing
TJ 津 天津 Tianjin
HE 冀 河北 Hebei
SX 晋 山西 Shanxi
NM 蒙 内蒙古 Inner_Mongolia
LN 辽 辽宁 Liaoning
JL 吉 吉林 Jilin
HL 黑 黑龙江 Heilongjiang
SH 沪 上海 Shanghai
JS 苏 江苏 Jiangsu
ZJ 浙 浙江 Zhejiang
AH 皖 安徽 Anhui
FJ 闽 福建 Fujian
JX 赣 江西 Jiangxi
SD 鲁 山东 Shandong
HA 豫 河南 Henan
HB 鄂 湖北 Hubei
HN 湘 湖南 Hunan
GD 粤 广东 Guangdong
GX 桂 广西 Guangxi
HI 琼 海南 Hainan
CQ 渝 重庆 Chongqing
SC 川 四川 Sichuan
GZ 黔 贵州 Guizhou
YN 滇 云南 Yunnan
XZ 藏 西藏 Tibet
SN 陕 陕西 Shaanxi
GS 甘 甘肃 Gansu
QH 青 青海 Qinghai
NX 宁 宁夏 Ningxia
XJ 新 新疆 Xinjiang
TW 台 台湾 Taiwan
HK 港 香港 Hong_Kong
MO 澳 澳门 Macao
"""


class Tile(NamedTuple):
    """Where a province stands in the grid, and its names."""

    column: int
    row: int
    code: str
    short: str
    name: str
    english: str


def _tiles() -> dict[str, Tile]:
    names = {line.split()[0]: line.replace("_", " ").split(maxsplit=3) for line in _NAMES.strip().split("\n")}
    return {
        code: Tile(column, row, code, *names[code][1:])
        for row, line in enumerate(_ROWS.strip("\n").split("\n"))
        for column, code in enumerate(line.split())
        if code != "."
    }


TILES = _tiles()


def province(region: str) -> str | None:
    """Return the code of the province that a free-text region begins with; None if it begins with none."""
    said = region.strip().casefold()
    for code, tile in TILES.items():
        if said.startswith(tile.name) or _begins(said, tile.english.casefold()):
            return code
    return None


def _begins(said: str, name: str) -> bool:
    return said == name or said.startswith((f"{name} ", f"{name}-", f"{name},", f"{name}/"))
