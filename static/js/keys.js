// The keyboard. Nothing is bound to a page: elements say which key they answer (data-key, data-go, data-row).
const editable = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]";
let waitingForGo = 0;

const visible = (node) => node.checkVisibility?.({ visibilityProperty: true }) ?? node.offsetParent !== null;

/** The topmost place that takes keys: an open dialog, else the page. */
const scope = () => document.querySelector("dialog[open]") ?? document;

function find(selector) {
  const found = [...scope().querySelectorAll(selector)].filter((node) => visible(node) && !node.disabled);
  // With rows ticked, a key is about them.
  return found.find((node) => node.closest("[data-bulk]")) ?? found[0];
}

const rows = () => [...scope().querySelectorAll("[data-rows] [data-row]")].filter(visible);
const current = () => scope().querySelector("[data-row].is-current");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  current()?.classList.remove("is-current");
  next.classList.add("is-current");
  const target = next.querySelector("[data-open], a, [data-pick]");
  target?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function pick(range) {
  const box = current()?.querySelector("[data-pick]");
  if (!box) return;
  if (range) box.dispatchEvent(new CustomEvent("pickrange", { bubbles: true }));
  else box.click();
}

function press(key) {
  const node = find(`[data-key="${CSS.escape(key)}"]`);
  if (!node) return false;
  if (node.matches(editable)) {
    node.focus();
    node.select?.();
  } else node.click();
  return true;
}

function help() {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return;
  for (const line of dialog.querySelectorAll("[data-needs]")) {
    line.hidden = !document.querySelector(line.dataset.needs);
  }
  dialog.showModal();
}

function onGo(event) {
  waitingForGo = 0;
  const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
}

const plain = {
  j: () => move(1),
  k: () => move(-1),
  x: () => pick(false),
  X: () => pick(true),
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches?.(editable)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (Date.now() - waitingForGo < 1200) return onGo(event);
  if (event.key === "g" && scope() === document) {
    waitingForGo = Date.now();
    return;
  }
  if (event.key === "Enter") return onEnter(event);
  if (plain[event.key]) {
    event.preventDefault();
    return plain[event.key]();
  }
  if (press(event.key)) event.preventDefault();
});

function onEnter(event) {
  // A focused link or button answers Enter by itself.
  if (event.target.closest?.("a, button, summary")) return;
  const confirm = find("[data-confirm]") ?? current()?.querySelector("[data-open]");
  if (confirm) {
    event.preventDefault();
    confirm.click();
  }
}

// Clicking into a row makes it the current one.
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (!row || row.classList.contains("is-current")) return;
  current()?.classList.remove("is-current");
  row.classList.add("is-current");
});
