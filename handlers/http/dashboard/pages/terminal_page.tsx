/** @jsxImportSource hono/jsx */
import { assetPath } from "../assets.ts";
import type { RefusalText } from "../terminal/refusals.ts";
import type { Element } from "./element.ts";

/** What the page needs. */
export interface TerminalPageProps {
  /** The token of the session. */
  readonly csrf: string;
  /** Where a terminal is asked for. */
  readonly path: string;
  /** Names it can be opened under. */
  readonly users: readonly string[];
}

/** Keys that phones lack, by what xterm calls them. */
const KEYS: readonly (readonly [name: string, text: string, label: string])[] = [
  ["Escape", "Esc", "Escape"],
  ["Tab", "Tab", "Tab"],
  ["ArrowUp", "↑", "Arrow up"],
  ["ArrowDown", "↓", "Arrow down"],
  ["ArrowLeft", "←", "Arrow left"],
  ["ArrowRight", "→", "Arrow right"],
];

/** What the head of a page with a terminal has beside the usual. */
export function TerminalHead(): Element {
  return (
    <>
      <link rel="stylesheet" href={assetPath("xterm.css")} />
      <script src={assetPath("xterm_styles.js")} type="module"></script>
      <script src={assetPath("terminal.js")} type="module"></script>
    </>
  );
}

/** A terminal with a shell of the node, once scripts have opened it. */
export function TerminalPage({ csrf, path, users }: TerminalPageProps): Element {
  return (
    <section
      id="terminal-page"
      class="terminal-page"
      data-path={path}
      data-csrf={csrf}
      data-xterm={assetPath("xterm.js")}
      data-fit={assetPath("xterm_fit.js")}
      data-link={assetPath("terminal_link.js")}
    >
      <form id="terminal-form" class="bar">
        <User users={users} />
        <button id="terminal-open" type="submit" hidden={users.length === 1}>Open</button>
        <span id="terminal-status" role="status">Not open</span>
      </form>
      <div id="terminal" class="terminal-place" role="group" aria-label="Terminal"></div>
      <noscript>A terminal needs scripts.</noscript>
      <div class="bar" role="toolbar" aria-label="Keys">
        <button class="plain" type="button" id="terminal-ctrl" aria-pressed="false">Ctrl</button>
        {KEYS.map(([name, text, label]) => (
          <button class="plain" type="button" data-key={name} aria-label={label}>{text}</button>
        ))}
        <button class="plain" type="button" id="terminal-copy">Copy</button>
        <button class="plain" type="button" id="terminal-paste">Paste</button>
        <button class="plain" type="button" id="terminal-reader" aria-pressed="false">
          Screen reader
        </button>
      </div>
      <p class="quiet">
        Shift+F6 leaves the terminal, Ctrl+Shift+C and Ctrl+Shift+V copy and paste. Closing the page
        ends the shell.
      </p>
    </section>
  );
}

function User({ users }: { readonly users: readonly string[] }): Element {
  const [only] = users;
  if (users.length === 1) return <input type="hidden" name="user" value={only} />;
  return (
    <label>
      <span>As</span>
      <select name="user">
        {users.map((user) => <option value={user}>{user}</option>)}
      </select>
    </label>
  );
}

/** Why there is no terminal, and what to do. */
export function NoTerminalPage({ text }: { readonly text: RefusalText }): Element {
  return (
    <section>
      <p>{text.why}</p>
      <p>{text.remedy}</p>
      {text.config ? <pre>{text.config}</pre> : ""}
    </section>
  );
}
