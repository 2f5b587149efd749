// Ticking rows and acting on many: see templates/components/README.md for the markup and what is posted.
let lastBox = null;

const parts = (form) => ({
  boxes: [...form.querySelectorAll("[data-pick]")],
  page: form.querySelector("[data-pick-page]"),
  bar: form.querySelector("[data-bulk]"),
  all: form.querySelector("[data-all]"),
});

const count = (n, noun) => `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;

function sum(boxes) {
  // Whole cents, so that a thousand prices add up exactly.
  const cents = boxes.reduce((total, box) => total + Math.round(Number(box.dataset.amount || 0) * 100), 0);
  return cents / 100;
}

function refresh(form) {
  const { boxes, page, bar, all } = parts(form);
  const picked = boxes.filter((box) => box.checked);
  const everything = all?.value === "1";
  const { noun = "order", total = "0", currency = "USD" } = form.dataset;
  for (const box of boxes) box.closest("[data-row]")?.classList.toggle("is-picked", box.checked);
  if (page) {
    page.checked = boxes.length > 0 && picked.length === boxes.length;
    page.indeterminate = picked.length > 0 && !page.checked;
  }
  if (!bar) return;
  bar.hidden = picked.length === 0 && !everything;
  document.body.classList.toggle("has-bulk", !bar.hidden);
  const number = everything ? Number(total) : picked.length;
  // A list longer than anybody counts says so in words ("1,000+ orders").
  const words = (everything && form.dataset.totalWords) || count(number, noun);
  bar.querySelector("[data-bulk-count]").textContent = `${words} selected`;
  const money = bar.querySelector("[data-bulk-total]");
  if (money) {
    const known = everything ? 0 : sum(picked);
    money.textContent = known ? known.toLocaleString("en-US", { style: "currency", currency }) : "";
  }
  // A dialog that asks before acting says what it is about.
  const said = [words, money?.textContent].filter(Boolean).join(" · ");
  for (const node of form.querySelectorAll("[data-bulk-said]")) node.textContent = said;
  const offer = bar.querySelector("[data-bulk-all]");
  if (offer) offer.hidden = everything || Number(total) <= picked.length;
}

function unselectAll(form) {
  const { boxes, all } = parts(form);
  for (const box of boxes) box.checked = false;
  if (all) all.value = "";
  refresh(form);
}

function selectAll(form) {
  const { boxes, all } = parts(form);
  for (const box of boxes) box.checked = true;
  if (all) all.value = "1";
  refresh(form);
}

function selectRange(form, to) {
  const { boxes } = parts(form);
  const [a, b] = [boxes.indexOf(lastBox), boxes.indexOf(to)].sort((x, y) => x - y);
  for (const box of boxes.slice(Math.max(a, 0), b + 1)) box.checked = true;
  refresh(form);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form) return;
  const { boxes, all } = parts(form);
  if (event.target.matches("[data-pick-page]")) {
    for (const box of boxes) box.checked = event.target.checked;
  } else if (!event.target.matches("[data-pick]")) return;
  // Taking one row out ends "all matching".
  if (all && !event.target.checked) all.value = "";
  refresh(form);
});

document.addEventListener("click", (event) => {
  const form = event.target.closest?.("form[data-select]");
  if (!form) return;
  if (event.target.closest("[data-bulk-all]")) selectAll(form);
  if (event.target.closest("[data-bulk-none]")) unselectAll(form);
  const box = event.target.closest("[data-pick]");
  if (!box) return;
  if (event.shiftKey && lastBox) selectRange(form, box);
  lastBox = box;
});

document.addEventListener("pickrange", (event) => {
  const form = event.target.closest("form[data-select]");
  if (form) selectRange(form, event.target);
  lastBox = event.target;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  document.querySelectorAll("form[data-select]").forEach(unselectAll);
});

const start = () => document.querySelectorAll("form[data-select]").forEach(refresh);
document.addEventListener("htmx:afterSettle", start);
addEventListener("pageshow", start);
start();
