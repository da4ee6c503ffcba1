// Counts down, and keeps what is live up to date. Every page works without it.
(() => {
  "use strict";
  const every = 5000; // milliseconds between looks at what can change by itself
  const live = [...document.querySelectorAll("[data-live][id]")];
  const seen = new Map(live.map((el) => [el, el.innerHTML]));

  // The portal's clock rules, not the browser's: a page says when it was made.
  let ahead = 0;
  const setClock = (page) => { ahead = Date.parse(page.body.dataset.now) - Date.now(); };

  function left(ms) {
    const s = Math.floor(ms / 1000);
    const two = (n) => String(n).padStart(2, "0");
    return s <= 0 ? "ending now" : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)} left`;
  }
  function tick() {
    for (const el of document.querySelectorAll("[data-until]")) {
      el.textContent = left(Date.parse(el.dataset.until) - Date.now() - ahead);
    }
  }

  // Asks for this page again and puts in place what has changed, unless somebody
  // is at work in it. The header keeps this from holding a session awake.
  async function look() {
    if (document.hidden || !live.some((el) => el.hasAttribute("data-live"))) return;
    const answer = await fetch(location.href, { headers: { "Latchkey-Background": "1" } });
    if (answer.status === 204) { location.reload(); return; } // the session has ended: show nothing of it any more
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    setClock(page);
    for (const el of live) {
      const now = page.getElementById(el.id);
      if (!now || el.contains(document.activeElement) || seen.get(el) === now.innerHTML) continue;
      seen.set(el, now.innerHTML);
      el.toggleAttribute("data-live", now.hasAttribute("data-live"));
      el.replaceChildren(...now.childNodes);
    }
    tick();
  }

  // A form is sent once, however often its button is pressed.
  addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));

  setClock(document);
  document.querySelector(".summary")?.focus();
  tick();
  setInterval(tick, 1000);
  setInterval(() => look().catch(() => {}), every);
})();
