import type { Transaction } from "kysely";
import type { Changes } from "./change_log.ts";
import { checkText } from "./checks.ts";
import type { Apply, MemoryIndex } from "./feed.ts";
import type { Schema } from "./schema.ts";
import type { StoreContext } from "./store_context.ts";

/** All settings in memory. */
export class SettingMirror implements MemoryIndex {
  /** By name. */
  current: ReadonlyMap<string, string> = new Map();

  /** Reads all; there are few. */
  async load(tx: Transaction<Schema>): Promise<Apply> {
    const rows = await tx.selectFrom("settings").selectAll().execute();
    const next = new Map(rows.map(({ name, value }) => [name, value]));
    return () => {
      this.current = next;
    };
  }

  /** Reads all again when any changed. */
  update(tx: Transaction<Schema>, changes: Changes): Promise<Apply> {
    return changes.has("settings") ? this.load(tx) : Promise.resolve(() => {});
  }
}

/** Named values that all nodes of a store share; a handler prefixes its own with its name. */
export class Settings {
  readonly #context: StoreContext;
  readonly #mirror: SettingMirror;

  /** Made by `openStore`. */
  constructor(context: StoreContext, mirror: SettingMirror) {
    this.#context = context;
    this.#mirror = mirror;
  }

  /** A value, from memory. */
  get(name: string): string | undefined {
    return this.#mirror.current.get(name);
  }

  /** Sets a value; undefined removes it. */
  put(name: string, value: string | undefined): Promise<void> {
    return this.#context.change(async ({ tx, touch }) => {
      checkText("a setting's name", name);
      if (value === undefined) await tx.deleteFrom("settings").where("name", "=", name).execute();
      else {
        await tx.insertInto("settings").values({ name, value })
          .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
          .execute();
      }
      touch("settings", name);
    });
  }

  /** Calls back after every change; returns a function that stops it. */
  onChange(listener: () => void): () => void {
    return this.#context.onChange(["settings"], listener);
  }
}
