// Render labels of ZPL to PNG: {"labels": [...], "size": [mm, mm, dots a mm]} comes in, a line of hexadecimal a label goes out.
const { readFileSync, writeSync } = require("node:fs");
const { ready } = require("zpl-renderer-js");

ready.then(async ({ api }) => {
  const { labels, size } = JSON.parse(readFileSync(0, "utf8"));
  for (const label of labels) {
    const png = Buffer.from(await api.zplToBase64Async(label, ...size), "base64");
    writeSync(1, png.toString("hex") + "\n");
  }
  process.exit(0);
});
