// Follows a task while it is done, and loads the page again when its state has changed. Without it the browser does.
"use strict";
for (const box of document.querySelectorAll("[data-follow]")) {
  const bar = box.querySelector("progress");
  const words = box.querySelector("[data-words]");
  const follow = async () => {
    try {
      const answer = await fetch(box.dataset.follow, { headers: { Accept: "application/json" } });
      const told = await answer.json();
      if (!answer.ok || told.state !== box.dataset.state) {
        location.reload();
        return;
      }
      bar.value = told.done;
      words.textContent = told.words;
    } catch {
      // The network is away for a moment: ask again.
    }
    setTimeout(follow, 1000);
  };
  setTimeout(follow, 1000);
}
