// A terminal on a page: xterm.js shows it, a WebSocket leads to the node.
const page = document.getElementById("terminal-page");
const place = document.getElementById("terminal");
const form = document.getElementById("terminal-form");
const openButton = document.getElementById("terminal-open");
const status = document.getElementById("terminal-status");
const ctrl = document.getElementById("terminal-ctrl");
const toolbar = page.querySelector("[role=toolbar]");

const [{ Terminal }, { FitAddon }, { TerminalLink }] = await Promise.all(
  [page.dataset.xterm, page.dataset.fit, page.dataset.link].map((path) => import(path)),
);

// Sixteen colours that can be read on the pages' backgrounds.
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const LIGHT = ["1c1e21", "a61b1b", "1c6b34", "7a5b00", "0b57a4", "86257e", "00646e", "5c6067"];
const LIGHT_BRIGHT = [
  "45494f",
  "c4302b",
  "257a3f",
  "8a6d00",
  "1668bd",
  "a0369a",
  "0a7a85",
  "787d85",
];
const DARK = ["35393f", "ff8a82", "7fd79b", "e6c36a", "7cb7f5", "e0a1e0", "74d3dd", "d5d7da"];
const DARK_BRIGHT = [
  "7d838c",
  "ffb0aa",
  "a5e8ba",
  "f3d98f",
  "a6cffa",
  "f0c4f0",
  "a0e5ec",
  "ffffff",
];
const dark = matchMedia("(prefers-color-scheme: dark)");

function theme() {
  const { backgroundColor: background, color: foreground } = getComputedStyle(place);
  const [plain, bright] = dark.matches ? [DARK, DARK_BRIGHT] : [LIGHT, LIGHT_BRIGHT];
  const ansi = NAMES.flatMap((name, index) => [
    [name, `#${plain[index]}`],
    [`bright${name[0].toUpperCase()}${name.slice(1)}`, `#${bright[index]}`],
  ]);
  const selection = { selectionBackground: dark.matches ? "#3d5a7a" : "#b9d6f2" };
  const cursor = { cursor: foreground, cursorAccent: background };
  return { background, foreground, ...cursor, ...selection, ...Object.fromEntries(ansi) };
}

const terminal = new Terminal({
  fontFamily: "ui-monospace, monospace",
  fontSize: matchMedia("(max-width: 600px)").matches ? 12 : 14,
  minimumContrastRatio: 4.5,
  scrollback: 5_000,
  theme: theme(),
});
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(place);
fit.fit();
dark.addEventListener("change", () => terminal.options.theme = theme());
new ResizeObserver(() => fit.fit()).observe(place);
// A phone's keyboard covers the page and does not make it smaller.
visualViewport?.addEventListener("resize", () => {
  const isCovered = visualViewport.height < innerHeight * 0.8;
  place.style.height = isCovered ? `${Math.max(120, visualViewport.height - 110)}px` : "";
  if (isCovered) place.scrollIntoView({ block: "start" });
});

const encoder = new TextEncoder();
let link;

function say(text) {
  status.textContent = text;
}

async function open() {
  openButton.hidden = true;
  say("Connecting");
  const { columns, rows } = { columns: terminal.cols, rows: terminal.rows };
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries({ csrf: page.dataset.csrf, columns, rows })) {
    body.set(name, value);
  }
  try {
    const response = await fetch(page.dataset.path, { method: "POST", body });
    if (response.status === 404) return ended("You are not signed in any more");
    if (!response.ok) return ended(await response.text());
    connect((await response.json()).path);
  } catch {
    ended("The node does not answer");
  }
}

function connect(path) {
  const own = link = new TerminalLink(path, {
    onOpen() {
      terminal.reset();
      say("Open");
      own.resize(terminal.cols, terminal.rows);
      terminal.focus();
    },
    onBytes: (bytes, shown) => terminal.write(bytes, () => shown(bytes.length)),
    onEnd({ code, reason }) {
      link = undefined;
      const known = code === 1000 || code >= 4000;
      ended(known ? `Ended: ${reason || "no reason given"}` : "Connection lost");
    },
  });
}

function ended(text) {
  // Out of a full-screen program, then without its colours, mouse and hidden cursor.
  if (terminal.buffer.active.type === "alternate") terminal.write("\x1b[?1049l");
  terminal.write("\x1b[!p\x1b[0m\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?2004l\x1b[?25h");
  terminal.write(`\r\n\x1b[1m[${text.trim()}]\x1b[0m\r\n`);
  say(text);
  openButton.textContent = "Open a new one";
  openButton.hidden = false;
  openButton.focus();
}

function type(text) {
  link?.send(encoder.encode(text));
}

function holdCtrl(isHeld) {
  ctrl.setAttribute("aria-pressed", String(isHeld));
}

terminal.onData((data) => {
  if (ctrl.getAttribute("aria-pressed") !== "true" || data.length !== 1) return type(data);
  holdCtrl(false);
  type(String.fromCharCode(data.toUpperCase().charCodeAt(0) & 0x1f));
});
terminal.onBinary((data) => link?.send(Uint8Array.from(data, (each) => each.charCodeAt(0))));
terminal.onResize(({ cols, rows }) => link?.resize(cols, rows));

async function copy() {
  if (terminal.hasSelection()) await navigator.clipboard.writeText(terminal.getSelection());
}

async function paste() {
  try {
    terminal.paste(await navigator.clipboard.readText());
  } catch {
    say("The browser does not give the clipboard: use its own Paste");
  }
}

terminal.attachCustomKeyEventHandler((event) => {
  const { key, ctrlKey, shiftKey } = event;
  if (key === "F6" && shiftKey) {
    if (event.type === "keydown") toolbar.querySelector("button").focus();
    event.preventDefault();
    return false;
  }
  if (!ctrlKey || !shiftKey) return true;
  if (key.toUpperCase() === "C") {
    event.preventDefault(); // the browser's own tools open by it
    if (event.type === "keydown") copy();
    return false;
  }
  return key.toUpperCase() !== "V"; // the browser pastes
});

const KEYS = { Escape: "\x1b", Tab: "\t" };
const ARROWS = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D" };

function press(key) {
  const arrow = terminal.modes.applicationCursorKeysMode ? "\x1bO" : "\x1b[";
  type(KEYS[key] ?? `${arrow}${ARROWS[key]}`);
}

for (const button of toolbar.querySelectorAll("button")) {
  // A touch on a key leaves the terminal the focus, and a phone its keyboard.
  button.addEventListener("pointerdown", (event) => event.preventDefault());
  if (button.dataset.key) button.addEventListener("click", () => press(button.dataset.key));
}
ctrl.addEventListener("click", () => holdCtrl(ctrl.getAttribute("aria-pressed") !== "true"));
document.getElementById("terminal-copy").addEventListener("click", copy);
document.getElementById("terminal-paste").addEventListener("click", paste);
document.getElementById("terminal-reader").addEventListener("click", ({ currentTarget }) => {
  const isOn = terminal.options.screenReaderMode = !terminal.options.screenReaderMode;
  currentTarget.setAttribute("aria-pressed", String(isOn));
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!link) open();
});

if (form.elements.user?.type === "hidden") open();
