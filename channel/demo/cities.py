"""Where the demo's stores stand: cities with their province, zone and centre (WGS-84 degrees). Public geography."""

from typing import NamedTuple


class City(NamedTuple):
    """A city; the province is the region of its stores."""

    name: str
    province: str
    lat_deg: float
    lon_deg: float


ZONE = "Asia/Shanghai"
CITIES = (
    City("上海", "上海", 31.2304, 121.4737),
    City("北京", "北京", 39.9042, 116.4074),
    City("广州", "广东", 23.1291, 113.2644),
    City("成都", "四川", 30.5728, 104.0668),
    City("杭州", "浙江", 30.2741, 120.1551),
    City("武汉", "湖北", 30.5928, 114.3055),
    City("南京", "江苏", 32.0603, 118.7969),
    City("西安", "陕西", 34.3416, 108.9398),
    City("重庆", "重庆", 29.5630, 106.5516),
    City("长沙", "湖南", 28.2282, 112.9388),
    City("郑州", "河南", 34.7466, 113.6254),
    City("济南", "山东", 36.6512, 117.1201),
    City("沈阳", "辽宁", 41.8057, 123.4315),
    City("福州", "福建", 26.0745, 119.2965),
    City("昆明", "云南", 25.0389, 102.7183),
)
STREETS = ("人民路", "中山路", "解放路", "建设路", "和平路", "文化路", "新华路", "胜利路", "花园路", "学府路")
KINDS = ("便利店", "超市", "小卖部", "烟酒店", "生鲜店")
