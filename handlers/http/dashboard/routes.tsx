/** @jsxImportSource hono/jsx */
import type { FileService, Identity } from "@alknet/core";
import type { OperationSpec } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

import { eventStream, type EventStreamLimits } from "../gateway/event_stream.ts";
import type { HttpInfo } from "../http_info.ts";
import { assetResponse } from "./assets.ts";

import type { DashboardOperations } from "./dashboard.ts";
import { fieldsOf, FormInputError, inputFrom } from "./form_input.ts";
import { FollowedItems } from "./followed_items.ts";
import { fileRoutes, uploadRoute } from "./files/file_routes.tsx";
import type { FileLimits } from "./files/limits.ts";
import { formOf, isOwnRequest, NO_COOKIE, notOurs, PAGE_HEADERS } from "./guard.ts";
import { type Answer, AnswerView } from "./pages/answer.tsx";
import type { Element } from "./pages/element.ts";
import { CollectionPage, CollectionTable } from "./pages/collection_page.tsx";
import { Layout, type Page } from "./pages/layout.tsx";
import { Following, OperationPage, OperationsPage } from "./pages/operations_page.tsx";
import { Overview } from "./pages/overview.tsx";
import { words } from "./pages/value.tsx";
import { Samples } from "./samples.ts";
import type { DashboardSession, DashboardSessions } from "./sessions.ts";
import { Viewer } from "./viewer.ts";

/** What a request of somebody signed in comes with. */
export interface SignedIn {
  /** The session. */
  readonly session: DashboardSession;
  /** What stands for it in the cookie. */
  readonly secret: string;
  /** Who that is now. */
  readonly identity: Identity;
  /** What the connection told. */
  readonly info: HttpInfo;
}

interface Env {
  Bindings: SignedIn;
}

const MAX_FORM_BYTES = 1_048_576;
const EVENTS = "node/events";
const log = getLogger(["alknet", "http", "dashboard"]);

/** What the pages stand on. */
export interface DashboardParts {
  readonly operations: DashboardOperations;
  readonly sessions: DashboardSessions;
  readonly limits: EventStreamLimits & FileLimits;
  /** Undefined where the node serves none. */
  readonly files?: FileService | undefined;
}

/** The pages. Each is asked for by somebody who is signed in. */
export function dashboardRoutes(
  { operations, sessions, limits, files }: DashboardParts,
): { fetch(request: Request, env: SignedIn): Response | Promise<Response> } {
  const app = new Hono<Env>();
  const samples = new Samples();
  const viewer = (c: Context<Env>): Viewer => new Viewer(operations, c.env.identity);

  const filesShown: Parameters<typeof fileRoutes>[1] = {
    files,
    limits,
    show: async (c, title, content, status = 200) => {
      const response = await page(c, viewer(c), title, content);
      return new Response(response.body, { status, headers: response.headers });
    },
  };
  uploadRoute(app, filesShown); // before the limit: it is read as it arrives
  const tooLarge = (c: Context): Response => c.text("Too large\n", 413, PAGE_HEADERS);
  app.use("*", bodyLimit({ maxSize: MAX_FORM_BYTES, onError: tooLarge }));
  app.get("/", async (c) => page(c, viewer(c), "Overview", await overview(viewer(c), samples)));
  app.get("/ui/overview", async (c) => html(c, await overview(viewer(c), samples)));
  app.get("/ui/assets/:name", (c) => assetResponse(c.req.param("name")) ?? c.notFound());
  app.get("/ui/collections/:namespace", (c) => collection(c, viewer(c)));
  app.get(
    "/ui/operations",
    (c) => page(c, viewer(c), "Operations", <OperationsPage specs={viewer(c).specs} />),
  );
  app.get("/ui/operations/:name{.+}", (c) => operation(c, viewer(c)));
  app.post("/ui/operations/:name{.+}", (c) => call(c, viewer(c)));
  app.get("/ui/stream/:name{.+}", (c) => stream(c, viewer(c), limits));
  app.get(
    "/ui/events",
    (c) => page(c, viewer(c), "Events", <Following path={`/ui/stream/${EVENTS}`} />),
  );
  fileRoutes(app, filesShown);
  app.post("/ui/sign-out", async (c) => {
    if (!isOwnRequest(c.req.raw, c.env.session, await formOf(c.req.raw))) return notOurs();
    sessions.end(c.env.secret);
    return c.body(null, 303, { location: "/", "set-cookie": NO_COOKIE });
  });
  app.notFound((c) => missing(c, viewer(c)));
  app.onError((error, c) => {
    log.warn("dashboard.failed", { error });
    return c.text("Internal server error\n", 500, PAGE_HEADERS);
  });
  return app;
}

async function overview(viewer: Viewer, samples: Samples): Promise<Element> {
  const [info, connections, handlers] = await Promise.all(
    ["node/info", "node/connections", "node/handlers"].map((name) => viewer.ask(name)),
  );
  samples.note(connections, info, Date.now());
  const shown = { info, connections, handlers, samples: samples.all };
  return <Overview {...shown} />;
}

async function collection(c: Context<Env>, viewer: Viewer): Promise<Response> {
  const namespace = c.req.param("namespace");
  const found = viewer.collections.find((each) => each.namespace === namespace);
  if (!found) return await missing(c, viewer);
  const answer = await viewer.call(found.list.name, {});
  const props = { collection: found, answer, csrf: c.env.session.csrf };
  if (c.req.header("hx-request")) return html(c, <CollectionTable {...props} />);
  return page(c, viewer, words(found.namespace), <CollectionPage {...props} />);
}

async function operation(c: Context<Env>, viewer: Viewer): Promise<Response> {
  const spec = viewer.spec(c.req.param("name"));
  if (!spec) return await missing(c, viewer);
  const query = new URL(c.req.url).search;
  const stream = c.req.query("follow") ? `/ui/stream/${spec.name}${query}` : undefined;
  const props = { spec, csrf: c.env.session.csrf, stream };
  return page(c, viewer, spec.name, <OperationPage {...props} />);
}

async function call(c: Context<Env>, viewer: Viewer): Promise<Response> {
  const form = await formOf(c.req.raw);
  if (!isOwnRequest(c.req.raw, c.env.session, form)) return notOurs();
  const spec = viewer.spec(c.req.param("name"));
  if (!spec) return await missing(c, viewer);
  const answer = await answerTo(form, { viewer, spec });
  if (!c.req.header("hx-request")) {
    const props = { spec, csrf: c.env.session.csrf, answer };
    return page(c, viewer, spec.name, <OperationPage {...props} />);
  }
  // The lists on the page ask again.
  if ("output" in answer && spec.type === "mutation") c.header("hx-trigger", "changed");
  return html(c, <AnswerView answer={answer} />);
}

async function answerTo(
  form: FormData,
  { viewer, spec }: { viewer: Viewer; spec: OperationSpec },
): Promise<Answer> {
  try {
    return await viewer.call(spec.name, inputFrom(fieldsOf(spec.inputSchema), form));
  } catch (error) {
    if (!(error instanceof FormInputError)) throw error;
    return { error: { code: "INVALID_INPUT", message: error.message } };
  }
}

/** Ends with the browser's leaving, and with the right to look on. */
async function stream(
  c: Context<Env>,
  viewer: Viewer,
  limits: EventStreamLimits,
): Promise<Response> {
  const { session, info } = c.env;
  if (!isOwnRequest(c.req.raw, session)) return notOurs();
  const spec = viewer.spec(c.req.param("name"));
  if (!spec) return await missing(c, viewer);
  const input = streamInput(c, spec);
  if (input instanceof FormInputError) return c.text(`${input.message}\n`, 400, PAGE_HEADERS);
  const leave = session.enter();
  if (!leave) return c.text("Too much is followed already\n", 429, PAGE_HEADERS);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  session.signal.addEventListener("abort", end);
  const forget = info.identities.onChange(() => session.identify() ?? end());
  return eventStream(new FollowedItems(viewer.subscribe(spec.name, input, stop.signal)), {
    limits,
    onTick: () => session.isOpen() || end(), // a session also ends by its age
    onEnd(): void {
      end();
      session.signal.removeEventListener("abort", end);
      forget();
      leave();
    },
  });
}

function streamInput(c: Context<Env>, spec: OperationSpec): unknown {
  const form = new FormData();
  for (const [name, value] of new URL(c.req.url).searchParams) form.set(name, value);
  try {
    return inputFrom(fieldsOf(spec.inputSchema), form);
  } catch (error) {
    if (error instanceof FormInputError) return error;
    throw error;
  }
}

function page(
  c: Context<Env>,
  viewer: Viewer,
  title: string,
  content: Element,
): Response | Promise<Response> {
  const { session, identity } = c.env;
  const shown = {
    title,
    who: identity.id,
    csrf: session.csrf,
    pages: pagesFor(viewer),
    path: new URL(c.req.url).pathname,
  };
  return html(c, <Layout {...shown}>{content}</Layout>, "<!doctype html>");
}

function pagesFor(viewer: Viewer): Page[] {
  return [
    { path: "/", name: "Overview" },
    ...viewer.collections.map(({ namespace }) => ({
      path: `/ui/collections/${namespace}`,
      name: words(namespace),
    })),
    { path: "/ui/files", name: "Files" },
    { path: "/ui/operations", name: "Operations" },
    ...viewer.spec(EVENTS) ? [{ path: "/ui/events", name: "Events" }] : [],
  ];
}

async function html(c: Context<Env>, content: Element, before = ""): Promise<Response> {
  return c.html(before + String(await content), c.res.status === 404 ? 404 : 200, PAGE_HEADERS);
}

async function missing(c: Context<Env>, viewer: Viewer): Promise<Response> {
  const content = <p>There is no such page, or none that you may see.</p>;
  const response = await page(c, viewer, "Not found", content);
  return new Response(response.body, { status: 404, headers: response.headers });
}
