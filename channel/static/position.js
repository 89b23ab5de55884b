// Asks for the position after a tap, and only then; says so when a form cannot be sent. Everything else works without it.
"use strict";
for (const form of document.querySelectorAll("form[data-claim]")) {
  const status = form.querySelector("[role=status]");
  const ask = form.querySelector("[value=position]");
  const field = (name) => form.elements.namedItem(name);
  let sent = false;

  const busy = (on) => {
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", String(on));
  };
  const send = (button) => {
    form.noValidate = true;
    form.requestSubmit(button);
  };
  const found = ({ coords }) => {
    field("lat_deg").value = coords.latitude;
    field("lon_deg").value = coords.longitude;
    field("accuracy_m").value = coords.accuracy;
    busy(false);
    send(ask);
  };
  const denied = () => {
    busy(false);
    status.textContent = form.dataset.denied;
  };

  if (ask && "geolocation" in navigator) ask.hidden = false;
  form.addEventListener("submit", (event) => {
    const wanted = event.submitter === ask && ask !== null;
    if (sent || (event.submitter && event.submitter.getAttribute("aria-disabled") === "true")) {
      event.preventDefault();
    } else if (!navigator.onLine) {
      event.preventDefault();
      status.textContent = form.dataset.offline;
    } else if (wanted && !field("lat_deg").value) {
      event.preventDefault();
      busy(true);
      status.textContent = form.dataset.asking;
      navigator.geolocation.getCurrentPosition(found, denied, { enableHighAccuracy: true, timeout: 12000, maximumAge: 60000 });
    } else {
      sent = true;
      status.textContent = form.dataset.sending;
    }
  });
  addEventListener("pageshow", () => { sent = false; busy(false); });
}
