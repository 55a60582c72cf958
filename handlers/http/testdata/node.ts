import { type Endpoint, serve, type ServeOptions, signedAnchor, trustAnchor } from "@alknet/core";

import { http, type HttpOptions } from "../mod.ts";

/** A node on loopback that serves HTTP for `localhost`, and what clients need to trust it. */
export interface TestNode extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly port: number;
  /** For `fetch` and `WebSocket`. */
  readonly client: Deno.HttpClient;
  /** For programs. */
  readonly caFile: string;
}

/** Starts one; the handlers in `rest` are reached over WebTransport and WebSocket too. */
export async function startNode(
  options: HttpOptions = {},
  { handlers: carried = [], ...rest }: Partial<ServeOptions> = {},
): Promise<TestNode> {
  const running: { endpoint?: Endpoint } = {};
  const carry = carried.length > 0 ? () => running.endpoint : undefined;
  const handlers = [http({ carry, ...options }), ...carried];
  const endpoint = await serve({ hostname: "127.0.0.1", names: ["localhost"], handlers, ...rest });
  running.endpoint = endpoint;
  const caFile = await Deno.makeTempFile({ suffix: ".pem" });
  await Deno.writeTextFile(caFile, await signedAnchor(endpoint.key));
  const client = Deno.createHttpClient({ caCerts: [trustAnchor(endpoint.key.publicKey)] });
  const { port } = endpoint.addr;
  return {
    endpoint,
    port,
    url: `https://localhost:${port}`,
    client,
    caFile,
    async [Symbol.asyncDispose](): Promise<void> {
      client.close();
      await endpoint.close();
      await Deno.remove(caFile);
    },
  };
}

/** Runs a program to its end. */
export async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Waits until something holds; the test's own time is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
