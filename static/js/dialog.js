// Dialogs, the sheet, and menus. Browsers trap and return the focus of a modal <dialog> by themselves.
function open(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) open(document.getElementById(opener.dataset.dialog));
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  // A click on the backdrop arrives at the dialog itself.
  if (event.target.matches?.("dialog[open]")) event.target.close();
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A closed sheet is empty: nothing in it asks the server any more.
document.addEventListener(
  "close",
  (event) => {
    if (event.target.id === "sheet") event.target.replaceChildren();
  },
  true,
);

document.addEventListener("htmx:afterSwap", (event) => {
  const sheet = event.target.closest?.("dialog");
  if (!sheet) return;
  if (sheet.childElementCount) {
    open(sheet);
    (sheet.querySelector("[autofocus]") ?? sheet.querySelector("[data-confirm]"))?.focus();
  } else {
    sheet.close();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Deleting a whole workspace and the like: the button wakes up when the name has been typed.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-confirm-typed]");
  if (!form || !event.target.matches("[data-typed]")) return;
  form.querySelector("[type=submit], button:not([type])").disabled =
    event.target.value.trim() !== form.dataset.confirmTyped;
});

// One press, one request: a plain form that is on its way cannot be sent twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.method === "dialog") return;
  // What opens in a tab of its own leaves this page, and its form, as they are.
  if (event.submitter?.formTarget === "_blank") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// A dialog whose form was refused comes back open, with the words beside the field.
open(document.querySelector("dialog[data-open-now]"));
