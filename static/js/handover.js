// The door: a scanner types a code and Enter, faster than answers come. Codes wait in line here and are asked
// about one after the other; the field is free at once, and keeps the focus.
const form = document.querySelector("[data-door]");
const field = form?.elements.code;
const line = [];
let busy = false;

function tone(sound, at, pitch, length) {
  const wave = sound.createOscillator();
  const volume = sound.createGain();
  wave.frequency.value = pitch;
  wave.type = "square";
  volume.gain.value = 0.08;
  wave.connect(volume).connect(sound.destination);
  wave.start(sound.currentTime + at);
  wave.stop(sound.currentTime + at + length);
}

let sound = null;
function say(verdict) {
  try {
    sound ??= new AudioContext();
    if (verdict === "taken") return tone(sound, 0, 1320, 0.07);
    for (const at of [0, 0.25, 0.5]) tone(sound, at, 196, 0.2);
  } catch {
    // A browser without sound still shows the words.
  }
}

// A refusal stays on the page until somebody has dealt with the parcel: the next scan must not wash it away.
function keep(words) {
  const item = document.getElementById("door-stop").content.cloneNode(true);
  item.querySelector("[data-words]").textContent = words;
  document.getElementById("door-stopped").append(item);
}

const unanswered = (code) => `${code}: no answer, so it is not handed over as far as we know. Scan it again.`;

async function ask(code) {
  const body = new FormData(form);
  body.set("code", code);
  const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const text = await answer.text();
  const stopped = document.getElementById("door-stopped");
  document.querySelector(form.dataset.door).outerHTML = text;
  const fresh = document.querySelector(form.dataset.door);
  fresh.firstElementChild.after(stopped); // what was just scanned comes first, also where the list is long
  htmx.process(fresh);
  const told = fresh.querySelector("[data-verdict]");
  say(told.dataset.verdict);
  if (told.dataset.verdict !== "taken") keep(told.querySelector("p").textContent.trim());
}

async function work() {
  if (busy) return;
  busy = true;
  form.setAttribute("aria-busy", "true");
  while (line.length) {
    const code = line.shift();
    try {
      await ask(code);
    } catch {
      say("refused");
      keep(unanswered(code));
    }
  }
  form.removeAttribute("aria-busy");
  busy = false;
}

document.addEventListener("click", (event) => {
  const done = event.target.closest("[data-stop-done]");
  if (!done) return;
  done.closest("li").remove();
  field?.focus();
});

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const code = field.value.trim();
  field.value = "";
  field.focus();
  if (!code) return;
  line.push(code);
  work();
});

// A scanner does not look where the focus is: digits and capitals typed nowhere go into the field.
document.addEventListener("keydown", (event) => {
  if (!field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
  if (/^[0-9A-Z]$/.test(event.key)) field.focus();
}, true);
