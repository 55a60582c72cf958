/**
 * What tests do in a page of a node, whatever browser it is. Each function goes there as its text, so
 * that it knows nothing but its argument.
 */

/** What a page needs to be let in. */
export interface PageVisitor {
  readonly token: string;
  /** SHA-256 of the node's certificate. */
  readonly certificateHash: readonly number[];
}

/** By which protocol the page came. */
export function pageProtocol(): string {
  const [entry] = performance.getEntriesByType("navigation");
  return entry && "nextHopProtocol" in entry ? String(entry.nextHopProtocol) : "";
}

/** Says something to the node's echo over a WebSocket; what came back. */
export async function echoOverWebSocket({ token }: PageVisitor): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const { ticket } = await (await fetch("/alknet/ticket", { method: "POST", headers })).json();
  const socket = new WebSocket(`wss://${location.host}/alknet/echo?ticket=${ticket}`);
  socket.binaryType = "arraybuffer";
  const echoed = await new Promise<string>((resolve, reject) => {
    socket.onopen = () => socket.send(new TextEncoder().encode("from a browser"));
    socket.onmessage = ({ data }) => resolve(new TextDecoder().decode(data));
    socket.onclose = ({ code }) => reject(new TypeError(`Closed with ${code}`));
  });
  socket.close();
  return echoed;
}

/** The same over WebTransport, and whether its ticket is refused the second time. */
export async function echoOverWebTransport(
  { token, certificateHash }: PageVisitor,
): Promise<{ echoed: string; refused: boolean }> {
  const headers = { authorization: `Bearer ${token}` };
  const { ticket } = await (await fetch("/alknet/ticket", { method: "POST", headers })).json();
  const url = `https://${location.host}/alknet/echo?ticket=${ticket}`;
  const value = new Uint8Array(certificateHash);
  const options = { serverCertificateHashes: [{ algorithm: "sha-256", value }] };
  const session = new WebTransport(url, options);
  await session.ready;
  const { readable, writable } = await session.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("from a browser"));
  await writer.close();
  const echoed = await new Response(readable).text();
  session.close();
  const again = new WebTransport(url, options);
  const refused = await again.ready.then(() => false, () => true);
  await again.closed.catch(() => {});
  return { echoed, refused };
}
