// Words that appear for a moment. From HTMX answers (HX-Trigger: toast), failed requests, and Django's messages.
const LASTS = { ok: 5000, info: 5000, success: 5000, warn: 9000, warning: 9000 };

function show(text, level = "ok") {
  const node = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  node.classList.add(`note--${level}`);
  node.querySelector("span").textContent = text;
  document.getElementById("toasts").append(node);
  settle(node, level);
}

function settle(node, level) {
  // Long enough to think about it, where it can be undone.
  const lasts = node.querySelector("[hx-post]") ? 20000 : LASTS[level];
  // What went wrong stays until it is read.
  if (lasts) setTimeout(() => node.remove(), lasts);
}

for (const node of document.querySelectorAll("[data-toast]")) {
  const level = [...node.classList].find((name) => name.startsWith("note--"))?.slice(6);
  settle(node, level);
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest("[data-toast]")?.remove();
});

document.addEventListener("toast", (event) => {
  // HTMX puts a list under `value`; our own scripts send one object.
  const given = event.detail?.value ?? event.detail;
  for (const { text, level } of Array.isArray(given) ? given : [given]) show(text, level);
});

const REFUSED = {
  403: "Your role does not allow that. Ask an owner of this workspace.",
  404: "That is no longer there. Reload the page to see what is.",
  409: "Somebody else changed this at the same time. Reload the page and look again.",
  429: "That was too quick. Wait a moment, then try again.",
};

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.getResponseHeader("HX-Trigger")?.includes("toast")) return;
  show(REFUSED[xhr.status] ?? "Something went wrong on our side. Nothing was changed by this page; try again.", "bad");
});
document.addEventListener("htmx:sendError", () => {
  show("The server cannot be reached. Check the connection, then try again.", "bad");
});
document.addEventListener("htmx:timeout", () => {
  show("The server took too long. Reload the page to see what happened.", "bad");
});
