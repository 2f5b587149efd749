// What this machine prints on, and files that print by themselves.
// The choice is a cookie, which the server reads, with a copy that outlives it: layout.way.when_ready.printer.
const NAME = "printing";
const YEAR = 60 * 60 * 24 * 365;
const PATIENCE = 20000;
const FRAMES = 3; // so many stay: a printer may still read the last ones

const stored = () => {
  try { return localStorage.getItem(NAME) ?? ""; } catch { return ""; }
};
const inCookie = () => document.cookie.split("; ").find((part) => part.startsWith(`${NAME}=`))?.slice(NAME.length + 1) ?? "";

function read() {
  const [layout = "4x6", way = "browser", when_ready = "", ...printer] = decodeURIComponent(inCookie() || stored()).split(".");
  return { layout: layout || "4x6", way: way || "browser", when_ready: when_ready === "1", printer: printer.join(".") };
}

function write({ layout, way, when_ready, printer }) {
  const text = encodeURIComponent([layout, way, when_ready ? "1" : "0", printer].join("."));
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${NAME}=${text}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  try { localStorage.setItem(NAME, text); } catch { /* private window: the cookie is enough */ }
}

// A cookie that was lost comes back from its copy.
if (!inCookie() && stored()) write(read());

document.addEventListener("change", (event) => {
  const part = event.target.dataset?.printingPart;
  if (!part) return;
  if (!event.target.reportValidity()) return;
  const value = event.target.type === "checkbox" ? event.target.checked : event.target.value.trim();
  write({ ...read(), [part]: value });
});

const token = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["x-csrftoken"] ?? "";

/** Print the file behind a printing address, one after the other; resolves when the browser has it. */
let line = Promise.resolve();
export function printFile(url) {
  line = line.then(() => (read().way === "service" ? handOver(url) : inFrame(url)), () => inFrame(url));
  return line;
}

async function handOver(url) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: token() });
  await fetch(url, { method: "POST", body, redirect: "manual" });
}

function inFrame(url) {
  return new Promise((done) => {
    const frame = document.createElement("iframe");
    const name = `print-${crypto.randomUUID()}`;
    Object.assign(frame, { name, className: "print-frame", title: "Printing", tabIndex: -1 });
    frame.setAttribute("aria-hidden", "true");
    const form = Object.assign(document.createElement("form"), { method: "post", action: url, target: name, hidden: true });
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "csrfmiddlewaretoken", value: token() }));
    document.body.append(frame, form);
    for (const old of [...document.querySelectorAll(".print-frame")].slice(0, -FRAMES)) old.remove();
    const end = () => {
      clearTimeout(timer);
      form.remove();
      done();
    };
    const timer = setTimeout(end, PATIENCE);
    frame.addEventListener("load", () => {
      if (frame.contentWindow.location.href === "about:blank") return;
      try {
        frame.contentWindow.print(); // not focused: a scanner goes on typing into the page
      } catch { open(url, "_blank"); /* a viewer that keeps its window to itself */ }
      end();
    });
    form.submit();
  });
}

// Files of a batch that this person bought print as they come, where this machine wants that.
const begun = new Set();
function printReady() {
  if (!read().when_ready) return;
  for (const node of document.querySelectorAll("[data-print-ready]")) {
    const url = node.dataset.printReady;
    if (begun.has(url)) continue;
    begun.add(url);
    // Afterwards the page says so, also where it does not ask by itself any more.
    printFile(url).then(() => window.htmx?.ajax("GET", location.href, { target: "#batch-live", swap: "outerHTML" }));
  }
}
document.addEventListener("htmx:afterSettle", printReady);
printReady();
