/** @jsxImportSource hono/jsx */
import type { FileInfo } from "@alknet/core";

import { fileAddress, placeOf, visibleName } from "../files/file_path.ts";
import type { Refusal } from "../files/refusal.ts";
import type { Element } from "./element.ts";
import { Crumbs } from "./files_page.tsx";

/** A file or folder that is to be changed. */
export interface FileChangeProps {
  /** Its path. */
  readonly path: string;
  /** What it is. */
  readonly info: FileInfo;
  /** The token of the session. */
  readonly csrf: string;
  /** Why it has not been done. */
  readonly refusal?: Refusal;
}

/** Asks for a new name. */
export function RenamePage(props: FileChangeProps): Element {
  const { name } = placeOf(props.path);
  return (
    <ChangeForm {...props} action="/rename">
      <label>
        New name
        <input type="text" name="name" value={name} autocomplete="off" required maxlength={255} />
      </label>
      <Buttons path={props.path} what="Rename" />
    </ChangeForm>
  );
}

/** Asks whether something is really to be deleted. */
export function RemovePage(props: FileChangeProps): Element {
  const { kind } = props.info;
  const what = kind === "other" ? "this" : `the ${kind}`;
  return (
    <ChangeForm {...props} action="/remove">
      <p>
        Delete {what} <strong>{visibleName(placeOf(props.path).name)}</strong>? It cannot be undone.
        {kind === "folder" ? " Only an empty folder can be deleted." : ""}
      </p>
      <Buttons path={props.path} what="Delete" />
    </ChangeForm>
  );
}

function ChangeForm({ path, csrf, refusal, action, children }: FileChangeProps & {
  readonly action: "/rename" | "/remove";
  readonly children?: unknown;
}): Element {
  return (
    <>
      <Crumbs path={placeOf(path).folder} />
      <section>
        {refusal ? <p class="error" role="alert">{refusal.message}</p> : ""}
        <form method="post" action={fileAddress(action, path)}>
          <input type="hidden" name="csrf" value={csrf} />
          {children}
        </form>
      </section>
    </>
  );
}

function Buttons({ path, what }: { readonly path: string; readonly what: string }): Element {
  return (
    <p class="choice">
      <button type="submit">{what}</button>
      <a href={fileAddress("", placeOf(path).folder)}>Do nothing</a>
    </p>
  );
}

/** Says why there are no files to see. */
export function NoFilesPage({ served }: { readonly served: boolean }): Element {
  if (served) {
    return (
      <section>
        <p>
          You have no files here. The owner can give you the scope <code>sftp:read</code> or{" "}
          <code>sftp:write</code>, for everything or for a folder: <code>sftp:read:docs</code>.
        </p>
      </section>
    );
  }
  return (
    <section>
      <p>
        This node serves no files. To turn that on, add <code>"sftp"</code> to <code>enabled</code>
        {" "}
        under <code>[handlers]</code> in its configuration, say under <code>[sftp]</code>{" "}
        which folder, and start it again. <code>alknet init</code>{" "}
        writes all keys down with their meaning.
      </p>
    </section>
  );
}
