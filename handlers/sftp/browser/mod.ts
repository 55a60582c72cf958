/**
 * The files of a node in a browser: SFTP over WebTransport, or over a WebSocket where that fails.
 * Nothing here needs Deno or Node; `deno bundle --platform browser` makes one file of it and a page.
 *
 * A call's way: `web_files.ts` → the client of `../client` → `carrier.ts` (tickets, transports).
 *
 * ```text
 * import { connectFiles } from "@alknet/sftp/browser";
 *
 * const files = await connectFiles({ node: "https://node.example:4433", token });
 * await files.write("/inbox/report.pdf", input.files[0], { onProgress: ({ bytes }) => show(bytes) });
 * for await (const { name, stat } of files.list("/inbox")) console.log(name, stat.size);
 * ```
 *
 * @module
 */
export type { FileStat } from "../backend.ts";
export { SftpClient } from "../client/sftp_client.ts";
export { RemoteFile } from "../client/remote_file.ts";
export { SftpError } from "../sftp_error.ts";
export { isDirectory, isFile, isLink } from "../wire/attributes.ts";
export { StatusCode } from "../wire/codes.ts";
export { WireError } from "../wire/wire_error.ts";
export { type Carried, type Carrier, CarrierError } from "./carrier.ts";
export * from "./connect_files.ts";
export * from "./web_files.ts";
