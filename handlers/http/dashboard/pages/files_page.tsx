/** @jsxImportSource hono/jsx */
import type { FileInfo } from "@alknet/core";

import { assetPath } from "../assets.ts";
import { crumbsOf, fileAddress, visibleName, within } from "../files/file_path.ts";
import { type Listing, MAX_LISTED } from "../files/listing.ts";
import type { Element } from "./element.ts";
import { textOf } from "./value.tsx";

/** A folder with what can be done in it. */
export interface FilesPageProps {
  /** What is in it. */
  readonly listing: Listing;
  /** The token of the session. */
  readonly csrf: string;
}

/** A folder: what is in it, and the forms to add to it. */
export function FilesPage({ listing, csrf }: FilesPageProps): Element {
  const { path, room } = listing;
  return (
    <>
      <script src={assetPath("upload.js")} type="module"></script>
      <Crumbs path={path} isPage />
      <FileList listing={listing} />
      <div id="answer" aria-live="polite"></div>
      {room.readOnly ? <p class="quiet">Nothing can be changed here: it is only to be read.</p> : (
        <>
          <Upload path={path} csrf={csrf} />
          <NewFolder path={path} csrf={csrf} />
        </>
      )}
    </>
  );
}

/** The list alone, which refreshes itself after each change. */
export function FileList({ listing }: { readonly listing: Listing }): Element {
  const { path, page, entries, refusal, room } = listing;
  const address = `${fileAddress("", path)}&page=${page}`;
  return (
    <section
      id="files"
      hx-get={address}
      hx-trigger="changed from:body"
      hx-target="#files"
      hx-swap="outerHTML"
    >
      {refusal ? <p role="alert">You may not see what is in this folder.</p> : ""}
      {!refusal && entries.length === 0 ? <p class="quiet">The folder is empty</p> : ""}
      {entries.length > 0 ? <Rows path={path} entries={entries} canChange={!room.readOnly} /> : ""}
      <Pages listing={listing} />
      <p class="quiet last">{sizeText(room.freeBytes)} free</p>
    </section>
  );
}

/** The way from the root to a path, which may be the page itself. */
export function Crumbs({ path, isPage = false }: {
  readonly path: string;
  readonly isPage?: boolean;
}): Element {
  return (
    <nav class="crumbs" aria-label="Folders">
      <link rel="stylesheet" href={assetPath("files.css")} />
      {crumbsOf(path).map((crumb) => (
        <a
          href={fileAddress("", crumb.path)}
          aria-current={isPage && crumb.path === path ? "page" : undefined}
        >
          {crumb.name === "" ? "All files" : visibleName(crumb.name)}
        </a>
      ))}
    </nav>
  );
}

function Rows({ path, entries, canChange }: {
  readonly path: string;
  readonly entries: readonly FileInfo[];
  readonly canChange: boolean;
}): Element {
  return (
    <table class="files">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="number">Size</th>
          <th scope="col">Changed</th>
          {canChange ? <th scope="col">Do</th> : ""}
        </tr>
      </thead>
      <tbody>
        {entries.map((info) => <Row path={path} info={info} canChange={canChange} />)}
      </tbody>
    </table>
  );
}

function Row({ path, info, canChange }: {
  readonly path: string;
  readonly info: FileInfo;
  readonly canChange: boolean;
}): Element {
  const { name, kind, size, modifiedAt, hasPath } = info;
  const own = within(path, name);
  return (
    <tr>
      <td class={`name ${kind}`}>
        <Name info={info} path={own} />
      </td>
      <td class="number">{kind === "folder" ? "" : sizeText(size)}</td>
      <td>
        <time datetime={modifiedAt.toISOString()}>{textOf(modifiedAt.toISOString())}</time>
      </td>
      {canChange
        ? <td class="do">{hasPath ? <Changes path={own} name={visibleName(name)} /> : ""}</td>
        : ""}
    </tr>
  );
}

function Name({ info, path }: { readonly info: FileInfo; readonly path: string }): Element {
  const { kind, hasPath } = info;
  const shown = visibleName(info.name);
  if (!hasPath) {
    return (
      <>
        {shown} <small class="quiet">(the name is no text: only SFTP can have it)</small>
      </>
    );
  }
  if (kind === "other") return <>{shown}</>;
  const page = kind === "file" ? "/download" : "";
  return (
    <>
      <a href={fileAddress(page, path)} download={kind === "file" ? "" : undefined}>
        {shown}
      </a>
      {kind === "file" ? "" : <small class="quiet">{` ${kind}`}</small>}
    </>
  );
}

function Changes({ path, name }: { readonly path: string; readonly name: string }): Element {
  return (
    <>
      <a href={fileAddress("/rename", path)} aria-label={`Rename ${name}`}>Rename</a>{" "}
      <a href={fileAddress("/remove", path)} aria-label={`Delete ${name}`}>Delete</a>
    </>
  );
}

function Pages({ listing }: { readonly listing: Listing }): Element {
  const { path, page, pages, count } = listing;
  const address = (to: number): string => `${fileAddress("", path)}&page=${to}`;
  return (
    <>
      {pages === 1 ? "" : (
        <p class="pages">
          {page > 1 ? <a href={address(page - 1)}>Previous</a> : ""} Page {page} of {pages}{" "}
          {page < pages ? <a href={address(page + 1)}>Next</a> : ""}
        </p>
      )}
      {count > MAX_LISTED
        ? <p role="note">There are more than {textOf(MAX_LISTED)}; the rest is not shown.</p>
        : ""}
    </>
  );
}

function Upload({ path, csrf }: { readonly path: string; readonly csrf: string }): Element {
  return (
    <section class="drop" data-upload={path} data-csrf={csrf}>
      <h2>Upload</h2>
      <label>
        Files, which can be dropped here as well
        <input type="file" multiple />
      </label>
      <noscript>Uploading needs scripts.</noscript>
      <ul class="uploads" aria-live="polite"></ul>
    </section>
  );
}

function NewFolder({ path, csrf }: { readonly path: string; readonly csrf: string }): Element {
  const action = fileAddress("/folder", path);
  return (
    <section>
      <h2>New folder</h2>
      <form method="post" action={action} hx-post={action} hx-target="#answer">
        <input type="hidden" name="csrf" value={csrf} />
        <label>
          Name
          <input type="text" name="name" autocomplete="off" required maxlength={255} />
        </label>
        <button type="submit">Make folder</button>
      </form>
    </section>
  );
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A size as people read it, in steps of a thousand. */
export function sizeText(bytes: number): string {
  const step = bytes < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat("en-GB", {
    style: "unit",
    unit: UNITS[step],
    unitDisplay: step === 0 ? "long" : "short",
    maximumSignificantDigits: 3,
  }).format(bytes / 1_000 ** step);
}
