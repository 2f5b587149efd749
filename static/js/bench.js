// The packing bench. A scanner types and presses Enter; every scan is kept until the server has taken it.
import { printFile } from "./print.js";

const bench = document.querySelector("[data-bench]");
const form = bench.querySelector("[data-bench-form]");
const field = form.querySelector("#scan");
const desk = bench.querySelector("[data-bench-desk]");
const line = form.querySelector("[data-bench-line]");
const skip = document.getElementById("skip");
const KEPT = `bench:${bench.dataset.queue}`;
const PAUSES = [500, 1000, 2000, 4000, 8000];
const ASK_AGAIN = 1500;

// -- Scans that wait ------------------------------------------------------------------------------------
let waiting = [];
try { waiting = JSON.parse(localStorage.getItem(KEPT) ?? "[]"); } catch { /* kept for this page only */ }
const keep = () => {
  try { localStorage.setItem(KEPT, JSON.stringify(waiting)); } catch { /* the same */ }
};

let busy = false;
let failures = 0;
let timer = 0;

function take(code) {
  const text = code.trim();
  if (!text) return;
  waiting.push({ key: crypto.randomUUID(), code: text });
  keep();
  pump();
}

async function pump() {
  if (busy) return;
  clearTimeout(timer);
  busy = true;
  try {
    while (waiting.length) {
      const html = await send(bench.dataset.url, waiting[0]);
      if (html === null) break;
      waiting.shift();
      keep();
      failures = 0;
      tell("");
      show(html);
    }
  } finally {
    busy = false;
  }
  if (!waiting.length) lookAgain();
}

/** The new desk; null when it has to be tried again, which is arranged. */
async function send(url, scan = {}) {
  const body = new URLSearchParams({ ...scan, csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
  let answer;
  try {
    answer = await fetch(url, { method: "POST", body, redirect: "manual", headers: { "X-Bench": "1" }, signal: AbortSignal.timeout(15000) });
  } catch {
    return later("No connection.");
  }
  if (answer.ok) return answer.text();
  if (answer.type === "opaqueredirect") return later("You are signed out. Sign in again in another tab.");
  if (answer.status === 400) {
    waiting.shift(); // nobody could read it, now or later
    keep();
    return later("A scan could not be read.");
  }
  if (answer.status === 403) return later("This page is too old, or your role may not pack. Reload it: scans are kept.");
  return later("The server does not answer as it should.");
}

function later(why) {
  const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
  failures += 1;
  const scans = waiting.length === 1 ? "1 scan is kept and sent" : `${waiting.length} scans are kept and sent`;
  tell(waiting.length ? `${why} ${scans} as soon as it works again.` : why);
  timer = setTimeout(pump, pause);
  return null;
}

function tell(words) {
  line.hidden = !words;
  line.textContent = words;
}

addEventListener("online", () => pump());

/** Scans go into the field, wherever a printer's frame or a click has left the focus. */
function back() {
  if (!document.querySelector("dialog[open], details[open]")) field.focus();
}
addEventListener("blur", () => {
  if (document.activeElement?.matches("iframe")) setTimeout(back);
});

// -- What the desk shows, says and prints ---------------------------------------------------------------
const printed = new Set();
const says = bench.querySelector("[data-bench-says]");
const shouts = bench.querySelector("[data-bench-shouts]");

function show(html, quietly = false) {
  const before = desk.querySelector("[data-aside]");
  desk.innerHTML = html;
  // What stands beside the order is sent only when it may have changed.
  const kept = desk.querySelector("[data-aside][data-kept]");
  if (kept && before) kept.replaceWith(before);
  const now = desk.querySelector(".desk");
  const tone = now.dataset.tone;
  const words = now.querySelector("[data-words]")?.textContent.trim() ?? "";
  if (!quietly) {
    (tone === "loud" ? shouts : says).textContent = words;
    (tone === "loud" ? says : shouts).textContent = "";
    sound(tone);
  }
  if (now.dataset.does === "reprint") for (const node of desk.querySelectorAll("[data-print]")) printed.delete(node.dataset.print);
  for (const node of desk.querySelectorAll("[data-print]")) {
    if (printed.has(node.dataset.print)) continue;
    printed.add(node.dataset.print);
    printFile(node.dataset.url).then(back);
  }
  back();
}

function lookAgain() {
  clearTimeout(timer);
  if (!desk.querySelector("[data-waits]")) return;
  timer = setTimeout(async () => {
    if (busy || waiting.length) return;
    busy = true;
    const html = document.hidden ? null : await send(bench.dataset.waitingUrl);
    busy = false;
    if (waiting.length) return pump();
    if (html !== null) show(html, true);
    lookAgain();
  }, ASK_AGAIN);
}

// -- Sounds: none before the first key, as browsers want it -----------------------------------------------
let speaker = null;
const sounds = {};

async function sound(tone) {
  if (tone === "plain" || !speaker) return;
  try {
    sounds[tone] ??= fetch(`${bench.dataset.sounds}${tone}.wav`)
      .then((answer) => answer.arrayBuffer())
      .then((bytes) => speaker.decodeAudioData(bytes));
    const source = speaker.createBufferSource();
    source.buffer = await sounds[tone];
    source.connect(speaker.destination);
    source.start();
  } catch { delete sounds[tone]; /* the screen says it as well */ }
}

// -- Keys and buttons -------------------------------------------------------------------------------------
form.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  take(field.value);
  field.value = "";
});

document.addEventListener("keydown", (event) => {
  speaker ??= window.AudioContext ? new AudioContext() : null;
  if (speaker?.state === "suspended") speaker.resume();
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    field.value = "";
    desk.querySelector(".desk[data-tone=loud]")?.setAttribute("data-tone", "plain");
    field.focus();
  } else if (event.key === "z" && (event.ctrlKey || event.metaKey) && !field.value) {
    event.preventDefault();
    take("/undo");
  } else if (event.key === "Tab" && document.activeElement === field && field.value) {
    event.preventDefault(); // some scanners end with it
    form.requestSubmit();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
    field.focus(); // the character goes where it belongs
  }
});

const typing = (node) => node.matches?.("input, select, textarea");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-code]");
  if (button) take(button.dataset.code);
  if (event.target.closest("[data-skip]")) return skip.showModal();
  if (!event.target.closest("a, summary, details, dialog, select, input, label")) field.focus();
});

skip.addEventListener("close", () => field.focus());
skip.querySelector("[data-skip-form]").addEventListener("submit", (event) => {
  const why = skip.querySelector("#why");
  if (!why.value.trim()) {
    event.preventDefault();
    return why.focus();
  }
  take(`/skip ${why.value}`);
  why.value = "";
});
addEventListener("focus", back);

// What is on the page when it opens: labels that wait to be printed, and scans that were not sent yet.
for (const node of desk.querySelectorAll("[data-print]")) {
  printed.add(node.dataset.print);
  printFile(node.dataset.url).then(back);
}
field.focus();
if (waiting.length) pump();
else lookAgain();
