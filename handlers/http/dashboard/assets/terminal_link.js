// The stream of a terminal over a WebSocket (docs/protocol/websocket.md): bytes in binary messages,
// numbers in text messages that let the other side send more, and the size in others.
const WINDOW_BYTES = 262_144;
const MESSAGE_BYTES = 65_536;

export class TerminalLink {
  #socket;
  #waiting = [];
  #credit = WINDOW_BYTES;
  #taken = 0;

  // `onBytes` gets bytes and a function to call with their number once they are shown.
  constructor(path, { onOpen, onBytes, onEnd }) {
    const socket = this.#socket = new WebSocket(`wss://${location.host}${path}`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      onOpen();
      this.#flush(); // typed meanwhile
    });
    socket.addEventListener("close", ({ code, reason }) => onEnd({ code, reason }));
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.#granted(Number(data));
      else onBytes(new Uint8Array(data), (count) => this.#take(count));
    });
  }

  // Waits in the page where the node does not take it yet, as with a long paste.
  send(bytes) {
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) {
      this.#waiting.push(bytes.subarray(at, at + MESSAGE_BYTES));
    }
    this.#flush();
  }

  resize(columns, rows) {
    if (this.#isOpen) this.#socket.send(JSON.stringify({ columns, rows }));
  }

  close() {
    this.#socket.close();
  }

  get #isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  #granted(count) {
    this.#credit += count;
    this.#flush();
  }

  #take(count) {
    this.#taken += count;
    if (this.#taken < WINDOW_BYTES / 2 || !this.#isOpen) return;
    this.#socket.send(String(this.#taken));
    this.#taken = 0;
  }

  #flush() {
    while (this.#isOpen && this.#credit > 0 && this.#waiting.length > 0) {
      const [first] = this.#waiting;
      const part = first.subarray(0, this.#credit);
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
      this.#credit -= part.length;
      this.#socket.send(part);
    }
  }
}
