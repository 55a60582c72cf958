/**
 * A third-party handler as `[handlers] modules` loads it: the least HTTP/3 (RFC 9114) that a foreign
 * client accepts. It answers every request with 200 and a greeting.
 */
import type { Connection, Handler, Stream } from "@alknet/core";

const CONTROL_STREAM = 0x00;
const SETTINGS_FRAME = [0x04, 0x00];
/** HEADERS with `:status: 200`, entry 25 of QPACK's static table (RFC 9204 appendix A). */
const HEADERS_FRAME = [0x01, 0x03, 0x00, 0x00, 0xc0 | 25];
const GREETING = new TextEncoder().encode("hello over h3\n");

export const handler: Handler = {
  name: "h3-hello",
  alpn: ["h3"],
  async accept(conn: Connection): Promise<void> {
    const control = await conn.uni?.open();
    await control?.write(new Uint8Array([CONTROL_STREAM, ...SETTINGS_FRAME]));
    for await (const stream of conn.streams) await answer(stream);
  },
};

async function answer(stream: Stream): Promise<void> {
  const buffer = new Uint8Array(4096);
  while (await stream.read(buffer) !== null);
  await stream.write(new Uint8Array([...HEADERS_FRAME, 0x00, GREETING.length, ...GREETING]));
  await stream.closeWrite();
}
