// Presets of the queue: 1 to 9, or Alt+1 to 9, give the selected orders what the preset on that key says.
// The menu that holds them arrives when the bulk bar first shows; a key pressed before that waits for it.
const menu = () => document.querySelector("[data-presets]");
const button = (key) => document.querySelector(`[data-preset="${key}"]`);

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return "";
  const typing = event.target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select");
  if (typing && !event.altKey) return "";
  return /^(Digit|Numpad)([1-9])$/.exec(event.code)?.[2] ?? "";
}

function tell(key) {
  const text = `There is no preset on key ${key}.`;
  document.body.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { value: [{ text, level: "warn" }] } }));
}

function give(key) {
  const node = button(key);
  if (node) node.click();
  else tell(key);
}

document.addEventListener("keydown", (event) => {
  const key = pressed(event);
  const list = key && menu();
  if (!list || !list.closest("[data-bulk]")?.checkVisibility() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (list.dataset.loaded) return give(key);
  list.addEventListener("htmx:afterSettle", () => give(key), { once: true });
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.matches?.("[data-presets]")) event.target.dataset.loaded = "1";
});
