import { join } from "node:path";

/** An nginx of the machine's own on loopback. */
export interface RunningNginx extends AsyncDisposable {
  /** Where it answers. */
  readonly origin: string;
  /** What it shows. */
  readonly root: string;
}

/** Starts one whose server has the given directives beside its folder. */
export async function startNginx(directives: string): Promise<RunningNginx> {
  const dir = await Deno.makeTempDir({ prefix: "nginx" });
  const root = join(dir, "root");
  await Deno.mkdir(root);
  await Deno.chmod(dir, 0o755); // its worker is another user
  const port = freePort();
  const config = `
    daemon off; pid ${dir}/pid; error_log ${dir}/errors; worker_processes 1;
    events {}
    http {
      access_log off; server_tokens off; include /etc/nginx/mime.types;
      default_type application/octet-stream;
      client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy;
      fastcgi_temp_path ${dir}/fastcgi; uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
      server { listen 127.0.0.1:${port}; root ${root}; ${directives} }
    }`;
  await Deno.writeTextFile(join(dir, "nginx.conf"), config);
  const child = new Deno.Command("nginx", {
    args: ["-p", dir, "-c", join(dir, "nginx.conf")],
    stdout: "null",
    stderr: "null",
  }).spawn();
  await accepting(port);
  return {
    origin: `http://127.0.0.1:${port}`,
    root,
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(dir, { recursive: true });
    },
  };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Resolves once a server listens. */
async function accepting(port: number): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (attempt > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
