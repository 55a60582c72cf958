import { join } from "node:path";

import { freePort } from "../../tools/free_port.ts";
import { benchLeaf } from "../core/peers/key.ts";
import { LARGE_TEXT, SMALL } from "./bodies.ts";

/** Debian's nginx with the same bodies as files, over TLS with the same kind of certificate. */
export interface BenchNginx extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

/** Starts one, with one worker: the other servers have one thread as well. */
export async function startNginx(): Promise<BenchNginx> {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "alknet-bench-nginx-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  await Deno.chmod(dir, 0o755); // its worker is another user
  const { cert, key } = await benchLeaf();
  const port = freePort();
  const files = {
    "nginx.conf": config(dir, port),
    "cert.pem": cert,
    "key.pem": key,
    small: JSON.stringify(SMALL),
    large: JSON.stringify(LARGE_TEXT),
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(dir, name), text);
  const args = ["-p", dir, "-c", join(dir, "nginx.conf")];
  const child = new Deno.Command("nginx", { args, stdout: "null", stderr: "null" }).spawn();
  stack.defer(async () => {
    child.kill("SIGTERM");
    await child.status;
  });
  const all = stack.move();
  return { pid: child.pid, port, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function config(dir: string, port: number): string {
  return `
    daemon off; pid ${dir}/pid; error_log ${dir}/errors; worker_processes 1;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; tcp_nopush on; default_type application/json;
      keepalive_requests 100000000; open_file_cache max=10;
      server {
        listen 127.0.0.1:${port} ssl http2; root ${dir};
        ssl_certificate ${dir}/cert.pem; ssl_certificate_key ${dir}/key.pem;
      }
    }`;
}
