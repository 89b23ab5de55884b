// Looks a serial up in a batch's filter (scans/filters.py says how it is laid out), reading only the few bytes it needs.
"use strict";
self.Filter = (() => {
  const HEAD = 16;
  const ALPHABET = /^[0-9A-HJKMNP-TV-Z]{16}$/;
  const turned = (word, places) => (word << places) | (word >>> (32 - places));

  // MurmurHash3_x86_32 of 16 characters.
  const murmur3 = (serial, seed) => {
    let state = seed;
    for (let at = 0; at < 16; at += 4) {
      let word = 0;
      for (let byte = 3; byte >= 0; byte -= 1) word = (word << 8) | serial.charCodeAt(at + byte);
      state ^= Math.imul(turned(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
      state = (Math.imul(turned(state, 13), 5) + 0xe6546b64) | 0;
    }
    state ^= 16;
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    return (state ^ (state >>> 16)) >>> 0;
  };

  const view = async (blob, from, to) => new DataView(await blob.slice(from, to).arrayBuffer());

  const opened = async (blob) => {
    const head = await view(blob, 0, HEAD);
    if (head.byteLength < HEAD || head.getUint32(0, true) !== 0x31464247) throw new Error("this is no filter");
    const [salt, count, step] = [4, 8, 12].map((at) => head.getUint32(at, true));
    const buckets = HEAD + 4 * (Math.ceil(count / step) + 1);
    const size = Math.ceil((2 * count) / 8);
    return { blob, salt, count, step, buckets, bits: buckets + size + ((4 - (size % 4)) % 4) };
  };

  // Tells whether a filter lets a serial pass: always if it is one of the batch's, else once in 65,536.
  const passes = async ({ blob, salt, count, step, buckets, bits }, serial) => {
    const bucket = Number((BigInt(murmur3(serial, salt)) * BigInt(count)) >> 32n);
    const kept = murmur3(serial, (salt ^ 0xffffffff) | 0) & 0xffff;
    const stride = Math.floor(bucket / step);
    const edges = await view(blob, HEAD + 4 * stride, HEAD + 4 * stride + 8);
    let rank = edges.getUint32(0, true);
    let place = stride * step + rank;
    const end = Math.min(2 * count, (stride + 1) * step + edges.getUint32(4, true));
    const first = place >>> 3;
    const unary = await view(blob, buckets + first, buckets + Math.ceil(end / 8));
    const one = (at) => (unary.getUint8((at >>> 3) - first) >>> (at & 7)) & 1;
    for (let left = bucket - stride * step; left > 0; place += 1) {
      if (one(place)) rank += 1;
      else left -= 1;
    }
    let held = 0;
    while (place + held < end && one(place + held)) held += 1;
    const mine = await view(blob, bits + 2 * rank, bits + 2 * (rank + held));
    for (let at = 0; at < held; at += 1) {
      if (mine.getUint16(2 * at, true) === kept) return true;
    }
    return false;
  };

  // Reads what was scanned or typed: { serial, gtin } of an address, { serial } alone, null for what is no code of ours.
  const read = (text) => {
    const address = text.match(/\/01\/([0-9]{8,14})(?:\/[^?#]*?)?\/21\/([^/?#]+)/i);
    let serial;
    try {
      serial = decodeURIComponent(address ? address[2] : text);
    } catch {
      return null;
    }
    serial = serial.toUpperCase().replace(/[- ]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
    if (!ALPHABET.test(serial)) return null;
    return address ? { serial, gtin: address[1].padStart(14, "0") } : { serial };
  };

  return { murmur3, opened, passes, read };
})();
