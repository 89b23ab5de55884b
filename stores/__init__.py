"""From place to visit: the channel an item went through, the money, the judgement. Knows scans."""
