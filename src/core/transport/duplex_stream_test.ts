import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { ConnectionClosedError, StreamClosedError } from "../errors.ts";
import { duplexStream } from "./duplex_stream.ts";

/** Halves of which the test sees the far ends. */
function halves() {
  const arriving = new TransformStream<Uint8Array, Uint8Array>();
  const leaving = new TransformStream<Uint8Array, Uint8Array>();
  const stream = duplexStream({ readable: arriving.readable, writable: leaving.writable });
  return { stream, far: { readable: leaving.readable, writable: arriving.writable } };
}

Deno.test("duplexStream() reads in the reader's sizes, and each direction ends by itself", async () => {
  const { stream, far } = halves();
  const writer = far.writable.getWriter();
  const sent = writer.write(new Uint8Array([1, 2, 3])).then(() => writer.close());
  const buffer = new Uint8Array(2);
  strictEqual(await stream.read(buffer), 2);
  deepStrictEqual(buffer, new Uint8Array([1, 2]));
  strictEqual(await stream.read(buffer), 1);
  strictEqual(await stream.read(buffer), null);
  await sent;

  const received = new Response(far.readable).bytes();
  await stream.write(new Uint8Array([4]));
  await stream.closeWrite();
  await stream.closeWrite();
  deepStrictEqual(await received, new Uint8Array([4]));
  await rejects(stream.write(new Uint8Array([5])), StreamClosedError);
});

Deno.test("duplexStream() holds a writer back while nobody reads", async () => {
  const { stream, far } = halves();
  let written = false;
  const writing = stream.write(new Uint8Array(10)).then(() => stream.write(new Uint8Array(10)))
    .then(() => written = true);
  await new Promise((resolve) => setTimeout(resolve));
  strictEqual(written, false);
  const reader = far.readable.getReader();
  await reader.read();
  await reader.read();
  await writing;
});

Deno.test("duplexStream() tells of a platform's error as of the connection's end", async () => {
  const { stream, far } = halves();
  await far.writable.abort(new TypeError("Session is gone"));
  await far.readable.cancel(new TypeError("Session is gone"));
  await rejects(stream.read(new Uint8Array(1)), ConnectionClosedError);
  await rejects(stream.write(new Uint8Array(1)), ConnectionClosedError);
});

Deno.test("duplexStream() gives up both directions when it is reset, and throws nothing", async () => {
  const { stream, far } = halves();
  const waiting = stream.read(new Uint8Array(1));
  stream.reset();
  stream.reset();
  strictEqual(await waiting, null);
  await rejects(far.writable.getWriter().write(new Uint8Array(1)));
  await rejects(far.readable.getReader().read());
  await rejects(stream.write(new Uint8Array(1)), StreamClosedError);
});

Deno.test("duplexStream() is two web streams again", async () => {
  const { stream, far } = halves();
  const echoed = far.readable.pipeTo(far.writable);
  const writer = stream.writable.getWriter();
  const sent = writer.write(new Uint8Array([7])).then(() => writer.close());
  deepStrictEqual(await new Response(stream.readable).bytes(), new Uint8Array([7]));
  await Promise.all([sent, echoed]);
});
