// Reads codes with the camera or from a photo: by the browser's own reader where it has one, else by WebAssembly that
// lies beside this file. Nothing that is seen leaves the phone.
"use strict";
self.Reader = (() => {
  const LONGEST_PX = 1600;
  const AGAIN_MS = 4000;
  const BETWEEN_MS = 150;

  const native = async () => {
    if (!("BarcodeDetector" in self)) return null;
    const known = await self.BarcodeDetector.getSupportedFormats();
    if (!known.includes("qr_code")) return null;
    const detector = new self.BarcodeDetector({ formats: ["qr_code", "data_matrix"].filter((kind) => known.includes(kind)) });
    return async (canvas) => (await detector.detect(canvas)).map((found) => found.rawValue);
  };

  const load = (source) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = resolve;
    script.onerror = reject;
    script.src = source;
    document.head.append(script);
  });

  const wasm = async (place) => {
    if (!place.dataset.reader) return null;
    await load(place.dataset.reader);
    const library = self.ZXingWASM;
    library.prepareZXingModule({ overrides: { locateFile: () => place.dataset.wasm } });
    const options = { formats: ["QRCode", "DataMatrix"], tryHarder: true, maxNumberOfSymbols: 1 };
    return async (canvas) => {
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return (await library.readBarcodes(pixels, options)).filter((found) => found.isValid).map((found) => found.text);
    };
  };

  const draw = (canvas, source, width, height) => {
    const scale = Math.min(1, LONGEST_PX / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(source, 0, 0, canvas.width, canvas.height);
  };

  // Gives every code that comes before the camera, or stands in a photo, to `found`.
  const attach = async (place, found) => {
    let reading = null;
    const reader = () => (reading ??= native().catch(() => null).then((own) => own || wasm(place)));
    const button = place.querySelector("[data-camera]");
    const photo = place.querySelector("[data-photo]");
    const video = place.querySelector("video");
    const status = place.querySelector("[data-said]");
    const canvas = document.createElement("canvas");
    const seen = { text: "", at: 0 };
    let stream = null;

    const tell = (text) => {
      const now = Date.now();
      const again = seen.text === text && now - seen.at < AGAIN_MS;
      Object.assign(seen, { text, at: now });
      if (again) return;
      if ("vibrate" in navigator) navigator.vibrate(60);
      found(text);
    };
    const stop = () => {
      for (const track of stream ? stream.getTracks() : []) track.stop();
      stream = null;
      video.hidden = true;
      button.textContent = place.dataset.start;
      button.setAttribute("aria-pressed", "false");
    };
    const look = async (read) => {
      if (!stream) return;
      if (video.videoWidth) {
        draw(canvas, video, video.videoWidth, video.videoHeight);
        for (const text of await read(canvas)) tell(text);
      }
      setTimeout(() => look(read).catch(stop), BETWEEN_MS);
    };
    const start = async () => {
      status.textContent = place.dataset.asking;
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      button.textContent = place.dataset.stop;
      button.setAttribute("aria-pressed", "true");
      status.textContent = place.dataset.hold;
      await look(await reader());
    };
    const denied = () => {
      stop();
      status.textContent = place.dataset.denied;
    };
    const develop = async (file) => {
      const read = await reader();
      const picture = await createImageBitmap(file);
      draw(canvas, picture, picture.width, picture.height);
      const texts = await read(canvas);
      status.textContent = texts.length ? "" : place.dataset.nothing;
      for (const text of texts) tell(text);
    };

    if (!(await native().catch(() => null)) && !place.dataset.reader) return;
    place.hidden = false;
    button.hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
    button.addEventListener("click", () => (stream ? stop() : start().catch(denied)));
    photo.addEventListener("change", () => {
      const [file] = photo.files;
      photo.value = "";
      if (file) develop(file).catch(() => { status.textContent = place.dataset.nothing; });
    });
    addEventListener("pagehide", stop);
  };

  return { attach };
})();
