/** Operations of a node over HTTP, with curl as a person would type it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine } from "./support/cli.ts";
import { serveWeb, type WebNode } from "./support/web.ts";

const noCurl = missing("curl");

async function webNode(
  options: Parameters<typeof serveWeb>[2] = {},
): Promise<WebNode & AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const machine = started.use(await Machine.fresh());
  const web = await serveWeb(machine, started, options);
  const all = started.move();
  return { ...web, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

for (const version of ["--http1.1", "--http2"]) {
  testOrSkip(`curl finds and calls operations with ${version}`, noCurl, async () => {
    await using web = await webNode();
    const as = ["-H", `authorization: Bearer ${web.token}`, version];
    const json = async (...args: readonly string[]) => {
      const { out, err } = await web.curl(...as, ...args);
      ok(out, err);
      return JSON.parse(out);
    };
    const { operations } = await json("/search?q=node");
    ok(operations.some(({ name }: { name: string }) => name === "node/info"));
    strictEqual((await json("/schema?name=node/info")).type, "query");
    const call = '{"operation":"node/info"}';
    strictEqual((await json("--json", call, "/call")).output.nodeId, web.node.nodeId);
    const who = await json("/op/peers/whoami");
    deepStrictEqual(who, { id: "token:ci", scopes: ["node:read"] });
    strictEqual((await json("/op/services/schema?name=node/info")).name, "node/info");
    const batch = '[{"id":"list","operation":"services/list"},{"operation":"services/schema",' +
      '"input":{"name":{"$ref":"#/list/0/name"}}}]';
    const { results } = await json("--json", batch, "/batch");
    strictEqual(results[1].output.name, results[0].output[0].name);
    const problem = await json("/op/peers/list");
    deepStrictEqual([problem.status, problem.code], [403, "FORBIDDEN"]);
    const status = await web.curl(...as, "-o", "/dev/null", "-w", "%{http_code}", "/readyz");
    strictEqual(status.out.trim().slice(-3), "200");
    doesNotMatchWarning(web);
  });

  testOrSkip(`curl follows a subscription with ${version}, and comes back`, noCurl, async () => {
    await using web = await webNode();
    const url = `${web.origin}/subscribe?operation=node/events&resumable=true`;
    const follow = (...more: readonly string[]) =>
      new Deno.Command("curl", {
        args: [
          ...["-sSN", "--cacert", web.ca, version, "-H", `authorization: Bearer ${web.token}`],
          ...more,
          url,
        ],
        stdout: "piped",
      }).spawn();
    const put = async (name: string) =>
      strictEqual((await web.machine.alknet("group", "put", name, "--scope", "a:b")).code, 0);
    const first = follow();
    const events = reader(first);
    strictEqual(await events.comment(), ":"); // it is open
    await put("before");
    const seen = await until(events, '"detail":"before"');
    first.kill("SIGKILL");
    await Promise.all([first.status, events.cancel()]);
    await put("meanwhile"); // what happens while nobody listens is not lost
    const second = follow("-H", `last-event-id: ${idOf(seen.at(-1))}`);
    const rest = reader(second);
    const missed = await until(rest, '"detail":"meanwhile"');
    const counts = [...seen, ...missed].map((event) => Number(idOf(event).split(".")[1]));
    deepStrictEqual(counts, counts.map((_, index) => index + 1)); // each once, in order
    second.kill("SIGKILL");
    await Promise.all([second.status, rest.cancel()]);
  });
}

testOrSkip("a revoked token ends its open subscription at once", noCurl, async () => {
  await using web = await webNode();
  const args = ["-sSN", "--cacert", web.ca, "-H", `authorization: Bearer ${web.token}`];
  const url = `${web.origin}/subscribe?operation=node/events`;
  const child = new Deno.Command("curl", { args: [...args, url], stdout: "piped" }).spawn();
  const events = reader(child);
  await events.comment();
  strictEqual((await web.machine.alknet("token", "revoke", "ci")).code, 0);
  strictEqual((await child.status).code, 0);
  await events.cancel();
});

testOrSkip("metrics are for whoever may read them", noCurl, async () => {
  await using web = await webNode({ scopes: ["metrics:read"] });
  const { out } = await web.curl("-H", `authorization: Bearer ${web.token}`, "/metrics");
  match(out, /^alknet_connections_accepted_total \d+$/m);
  match(out, /^# TYPE alknet_http_requests_total counter$/m);
});

testOrSkip("strangers see an nginx, wherever they look", noCurl, async () => {
  await using web = await webNode({ http: "visible = []" });
  const look = async (...args: readonly string[]) => {
    const { out } = await web.curl("--http1.1", "-i", ...args);
    return out.replace(/^date: .*\r\n/m, "");
  };
  const nothing = await look("/nothing");
  match(nothing, /^HTTP\/1\.1 404 Not Found\r\nserver: nginx\r\ncontent-type: text\/html\r\n/);
  ok(!/alknet|hono|deno/i.test(nothing));
  const probes = [
    ["/healthz"],
    ["/search"],
    ["/mcp"],
    ["/metrics"],
    ["/openapi.json"],
    ["/.well-known/oauth-protected-resource"],
    ["-H", "authorization: Bearer alk_guess", "/search"],
    ["--json", '{"operation":"peers/whoami"}', "/call"],
    ["--json", "{}", "/enrol"],
    ["-X", "DELETE", "/call"],
    ["-X", "OPTIONS", "-H", "origin: https://a.example", "/call"],
  ];
  for (const probe of probes) strictEqual(await look(...probe), nothing, probe.join(" "));
});

testOrSkip("a decoy can be a site, or lead somewhere else", noCurl, async () => {
  await using machine = await Machine.fresh();
  await Deno.mkdir(`${machine.home}/site`);
  await Deno.writeTextFile(`${machine.home}/site/index.html`, "<h1>Gardening</h1>");
  const decoys = [
    [`decoy = "static"\ndecoy_root = "${machine.home}/site"`, /<h1>Gardening<\/h1>/],
    [
      'decoy = "redirect"\ndecoy_location = "https://example.com/"',
      /^location: https:\/\/example/m,
    ],
  ] as const;
  for (const [http, expected] of decoys) {
    await using started = new AsyncDisposableStack();
    const web = await serveWeb(machine, started, { http });
    match((await web.curl("-i", "/")).out, expected);
    const traversal = await web.curl("-i", "--path-as-is", "/..%2falknet.toml");
    ok(!traversal.out.includes("[http]"));
    strictEqual((await machine.alknet("token", "revoke", "ci")).code, 0);
  }
});

testOrSkip("what is switched off is not there, also for those who may", noCurl, async () => {
  await using web = await webNode({
    http: "gateway = false\nmcp = false\nmetrics = false",
    scopes: ["*"],
  });
  for (const path of ["/search", "/mcp", "/metrics", "/op/node/info"]) {
    const { out } = await web.curl("-i", "-H", `authorization: Bearer ${web.token}`, path);
    match(out, /404/, path);
  }
});

function doesNotMatchWarning({ node }: WebNode): void {
  ok(!/legacy|warn/i.test(node.log), node.log);
}

/** Events up to one that has a text in it. */
async function until(events: Events, text: string): Promise<string[]> {
  const seen: string[] = [];
  while (!seen.at(-1)?.includes(text)) {
    const event = await events.next();
    ok(event, `The stream ended without ${text}`);
    seen.push(event);
  }
  return seen;
}

function idOf(event = ""): string {
  return /^id: (\S+)/.exec(event)?.[1] ?? "";
}

interface Events {
  /** The next event; empty at the end. */
  next(): Promise<string>;
  /** What comes next, if only a comment. */
  comment(): Promise<string>;
  cancel(): Promise<void>;
}

/** Reads events of a program's output. */
function reader(child: Deno.ChildProcess): Events {
  const source = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const block = async (): Promise<string> => {
    while (!text.includes("\n\n")) {
      const { value, done } = await source.read();
      if (done) return "";
      text += value;
    }
    const [first = ""] = text.split("\n\n", 1);
    text = text.slice(first.length + 2);
    return first;
  };
  return {
    comment: block,
    async next() {
      for (;;) {
        const event = await block();
        if (!event.startsWith(":")) return event;
      }
    },
    cancel: () => source.cancel(),
  };
}
