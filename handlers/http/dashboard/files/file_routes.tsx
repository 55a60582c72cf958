/** @jsxImportSource hono/jsx */
import { FileError, type FileService, type OfferedFiles } from "@alknet/core";
import type { Context, Hono } from "hono";

import { formOf, isOwnRequest, notOurs, PAGE_HEADERS } from "../guard.ts";
import type { Element } from "../pages/element.ts";
import {
  type FileChangeProps,
  NoFilesPage,
  RemovePage,
  RenamePage,
} from "../pages/file_change_page.tsx";
import { Crumbs, FileList, FilesPage } from "../pages/files_page.tsx";
import type { SignedIn } from "../routes.tsx";
import { download } from "./download.ts";
import { fileAddress, nameFrom, pathFrom, placeOf, visibleName, within } from "./file_path.ts";
import type { FileLimits } from "./limits.ts";
import { listingOf } from "./listing.ts";
import { Refusal, refusalOf } from "./refusal.ts";
import { Transfer } from "./transfer.ts";
import { uploadOf } from "./upload.ts";

interface Env {
  Bindings: SignedIn;
}

/** What the pages about files stand on. */
export interface FileRoutesOptions {
  /** The files of whoever is signed in; undefined where the node serves none. */
  readonly files: FileService | undefined;
  readonly limits: FileLimits;
  /** Makes a page. */
  show(c: Context<Env>, title: string, content: Element, status?: number): Promise<Response>;
}

/** Takes uploads. To be added before what bounds bodies: they are read as they arrive. */
export function uploadRoute(app: Hono<Env>, options: FileRoutesOptions): void {
  app.put("/ui/files/upload", async (c) => {
    const { session } = c.env;
    const isOurs = isOwnRequest(c.req.raw, session) &&
      c.req.header("x-csrf-token") === session.csrf;
    return isOurs ? await sent(c, options, (files) => upload(c, files, options)) : notOurs();
  });
}

/** Pages about files. */
export function fileRoutes(app: Hono<Env>, options: FileRoutesOptions): void {
  app.get("/ui/files", (c) => shown(c, options, (files) => folder(c, files, options)));
  app.get("/ui/files/download", async (c) => {
    const site = c.req.header("sec-fetch-site") ?? "none";
    const isOurs = site === "none" || site === "same-origin";
    return isOurs ? await sent(c, options, (files) => send(c, files, options)) : notOurs();
  });
  app.get("/ui/files/taken", (c) => sent(c, options, (files) => taken(c, files)));
  app.post("/ui/files/folder", (c) => makeFolder(c, options));
  for (const change of CHANGES) {
    app.get(`/ui/files${change.page}`, (c) =>
      shown(c, options, async (files) => {
        const props = await changeProps(c, files, pathFrom(c.req.query("path")));
        return await options.show(c, change.title, change.form(props));
      }));
    app.post(`/ui/files${change.page}`, (c) => apply(c, options, change));
  }
}

/** Answers with a page, which also says why something is not there. */
async function shown(
  c: Context<Env>,
  options: FileRoutesOptions,
  answer: (files: OfferedFiles) => Promise<Response>,
): Promise<Response> {
  try {
    const files = await filesOf(c, options);
    if (files) return await answer(files);
    const served = options.files !== undefined;
    return await options.show(c, "Files", <NoFilesPage served={served} />);
  } catch (error) {
    const { message, status } = refusalOf(error);
    const content = (
      <>
        <Crumbs path={placeOf(pathFrom(c.req.query("path"))).folder} />
        <section>
          <p role="alert">{message}</p>
        </section>
      </>
    );
    return await options.show(c, "Files", content, status);
  }
}

/** Answers with anything but a page; why it is not done is said in one line. */
async function sent(
  c: Context<Env>,
  options: FileRoutesOptions,
  answer: (files: OfferedFiles) => Promise<Response>,
): Promise<Response> {
  try {
    const files = await filesOf(c, options);
    if (files) return await answer(files);
    throw new Refusal(404, "You have no files here");
  } catch (error) {
    const { message, status } = refusalOf(error);
    return new Response(message, { status, headers: PAGE_HEADERS });
  }
}

async function filesOf(
  c: Context<Env>,
  { files }: FileRoutesOptions,
): Promise<OfferedFiles | undefined> {
  const { identity, info: { remoteAddr }, session: { signal } } = c.env;
  return await files?.({ identity, remoteAddr, signal });
}

async function folder(
  c: Context<Env>,
  files: OfferedFiles,
  { show }: FileRoutesOptions,
): Promise<Response> {
  const path = pathFrom(c.req.query("path"));
  if ((await files.stat(path)).kind !== "folder") {
    return c.body(null, 303, { location: fileAddress("/download", path) }); // a link led to it
  }
  const listing = await listingOf(files, path, c.req.query("page"));
  if (c.req.header("hx-request")) return await fragment(<FileList listing={listing} />);
  return await show(c, "Files", <FilesPage listing={listing} csrf={c.env.session.csrf} />);
}

async function send(
  c: Context<Env>,
  files: OfferedFiles,
  { limits: { stalledMs } }: FileRoutesOptions,
): Promise<Response> {
  using begun = new DisposableStack();
  const transfer = begun.use(beginTransfer(c, stalledMs));
  const file = await files.open(pathFrom(c.req.query("path")));
  begun.move(); // it is given back with the file from now on
  return await download({ request: c.req.raw, file, transfer });
}

async function upload(
  c: Context<Env>,
  files: OfferedFiles,
  { limits: { maxUploadBytes, stalledMs } }: FileRoutesOptions,
): Promise<Response> {
  const folder = pathFrom(c.req.query("path"));
  const path = within(folder, nameFrom(c.req.query("name")));
  using transfer = beginTransfer(c, stalledMs);
  const { freeBytes } = await files.room(folder);
  const contents = uploadOf(c.req.raw, { maxUploadBytes, freeBytes, transfer });
  await files.write(path, contents, { replace: c.req.header("if-none-match") !== "*" });
  return new Response(null, { status: 201, headers: PAGE_HEADERS });
}

/** Whether a name is taken, in one word, so that somebody can be asked before much is sent. */
async function taken(c: Context<Env>, files: OfferedFiles): Promise<Response> {
  try {
    await files.stat(pathFrom(c.req.query("path")), { follow: false });
    return new Response("yes", { headers: PAGE_HEADERS });
  } catch (error) {
    if (!(error instanceof FileError) || error.fault !== "missing") throw error;
    return new Response("no", { headers: PAGE_HEADERS });
  }
}

function beginTransfer(c: Context<Env>, stalledMs: number): Transfer {
  const transfer = Transfer.begin(c.env, stalledMs);
  if (transfer) return transfer;
  throw new Refusal(429, "Too much is under way already: wait for something to end");
}

async function makeFolder(c: Context<Env>, options: FileRoutesOptions): Promise<Response> {
  const form = await formOf(c.req.raw);
  if (!isOwnRequest(c.req.raw, c.env.session, form)) return notOurs();
  const path = pathFrom(c.req.query("path")); // in a form, line breaks of a name would change
  const make = async (files: OfferedFiles): Promise<string> => {
    const name = nameFrom(form.get("name"));
    await files.makeFolder(within(path, name));
    return name;
  };
  if (!c.req.header("hx-request")) {
    return await shown(c, options, async (files) => {
      await make(files);
      return c.body(null, 303, { location: fileAddress("", path) });
    });
  }
  return await sent(c, options, async (files) => {
    try {
      const made = await make(files);
      // The list asks again.
      return await fragment(<p class="done">Made {visibleName(made)}</p>, {
        "hx-trigger": "changed",
      });
    } catch (error) {
      return await fragment(<p class="error" role="alert">{refusalOf(error).message}</p>);
    }
  });
}

/** Something that is done to one file, after it was asked for on a page of its own. */
interface Change {
  readonly page: "/rename" | "/remove";
  readonly title: string;
  readonly form: (props: FileChangeProps) => Element;
  readonly run: (files: OfferedFiles, path: string, form: FormData) => Promise<void>;
}

const CHANGES: readonly Change[] = [
  {
    page: "/rename",
    title: "Rename",
    form: RenamePage,
    run: async (files, path, form) => {
      await files.rename(path, within(placeOf(path).folder, nameFrom(form.get("name"))));
    },
  },
  {
    page: "/remove",
    title: "Delete",
    form: RemovePage,
    run: (files, path) => files.remove(path),
  },
];

async function apply(
  c: Context<Env>,
  options: FileRoutesOptions,
  { title, form: formPage, run }: Change,
): Promise<Response> {
  const form = await formOf(c.req.raw);
  if (!isOwnRequest(c.req.raw, c.env.session, form)) return notOurs();
  const path = pathFrom(c.req.query("path"));
  return await shown(c, options, async (files) => {
    try {
      await run(files, path, form);
      return c.body(null, 303, { location: fileAddress("", placeOf(path).folder) });
    } catch (error) {
      const refusal = refusalOf(error);
      const props = await changeProps(c, files, path);
      return await options.show(c, title, formPage({ ...props, refusal }), refusal.status);
    }
  });
}

async function changeProps(
  c: Context<Env>,
  files: OfferedFiles,
  path: string,
): Promise<FileChangeProps> {
  const info = await files.stat(path, { follow: false });
  return { path, info, csrf: c.env.session.csrf };
}

async function fragment(
  content: Element,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const headers = { ...PAGE_HEADERS, "content-type": "text/html; charset=utf-8", ...more };
  return new Response(String(await content), { headers });
}
