/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";

import type { Element } from "./element.ts";
import { assetPath } from "../assets.ts";

/** What stands around every page. */
export interface LayoutProps {
  /** What the page is. */
  readonly title: string;
  /** Who is signed in. */
  readonly who: string;
  /** The token of the session, for the form that signs out. */
  readonly csrf: string;
  /** Pages to go to, the current one by its path. */
  readonly pages: readonly Page[];
  /** The path of this page. */
  readonly path: string;
  /** What its head has beside the usual. Default: nothing. */
  readonly head?: Child;
  /** The page itself. */
  readonly children?: Child;
}

/** A page to go to. */
export interface Page {
  /** Where it is. */
  readonly path: string;
  /** What it is called. */
  readonly name: string;
}

/** A page in full. */
export function Layout(props: LayoutProps): Element {
  const { title, who, csrf, pages, path, head, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="htmx-config" content="includeIndicatorCSS:false, history:false" />
        <title>{`${title} · alknet`}</title>
        <link rel="stylesheet" href={assetPath("style.css")} />
        <link rel="icon" href="data:," />
        <script src={assetPath("htmx.js")} defer></script>
        <script src={assetPath("live.js")} type="module"></script>
        {head}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <strong>alknet</strong>
          <nav aria-label="Pages">
            {pages.map((page) => (
              <a href={page.path} aria-current={isWithin(path, page.path) ? "page" : undefined}>
                {page.name}
              </a>
            ))}
          </nav>
          <form class="inline" method="post" action="/ui/sign-out">
            <input type="hidden" name="csrf" value={csrf} />
            <span class="quiet">{who}</span> <button class="plain" type="submit">Sign out</button>
          </form>
        </header>
        <main id="main">
          <h1>{title}</h1>
          {children}
        </main>
      </body>
    </html>
  );
}

function isWithin(path: string, page: string): boolean {
  return path === page || (page !== "/" && path.startsWith(`${page}/`));
}
