import type { HtmlEscapedString } from "hono/utils/html";

/** What a component gives: HTML in which everything that was text is escaped. */
export type Element = HtmlEscapedString | Promise<HtmlEscapedString>;
