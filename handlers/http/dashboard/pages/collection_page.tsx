/** @jsxImportSource hono/jsx */

import type { Element } from "./element.ts";
import { type Collection, rowsOf } from "../collections.ts";
import { type Answer, AnswerView } from "./answer.tsx";
import { OperationForm, RowAction } from "./operation_form.tsx";
import { RowTable, words } from "./value.tsx";

/** A collection with what it holds now. */
export interface CollectionPageProps {
  /** What it is and what can be done. */
  readonly collection: Collection;
  /** How listing it ended. */
  readonly answer: Answer;
  /** The token of the session. */
  readonly csrf: string;
}

/** Everything in a collection, what can be done to each, and the forms to add to it. */
export function CollectionPage(props: CollectionPageProps): Element {
  const { collection, csrf } = props;
  return (
    <>
      <CollectionTable {...props} />
      <div id="answer" aria-live="polite"></div>
      {collection.forms.map((spec) => (
        <section>
          <h2>{words(spec.name.slice(collection.namespace.length + 1))}</h2>
          {spec.description ? <p class="quiet">{spec.description}</p> : ""}
          <OperationForm spec={spec} csrf={csrf} />
        </section>
      ))}
    </>
  );
}

/** The table alone, which refreshes itself after each change. */
export function CollectionTable({ collection, answer, csrf }: CollectionPageProps): Element {
  const path = `/ui/collections/${encodeURIComponent(collection.namespace)}`;
  return (
    <section
      id="collection"
      hx-get={path}
      hx-trigger="changed from:body"
      hx-target="#collection"
      hx-swap="outerHTML"
    >
      {"output" in answer
        ? <Rows collection={collection} output={answer.output} csrf={csrf} />
        : <AnswerView answer={answer} />}
    </section>
  );
}

function Rows({ collection, output, csrf }: {
  readonly collection: Collection;
  readonly output: unknown;
  readonly csrf: string;
}): Element {
  const rows = rowsOf(output);
  if (rows.length === 0) return <p class="quiet">None yet</p>;
  const { actions } = collection;
  return (
    <RowTable
      rows={rows}
      behind={actions.length === 0
        ? undefined
        : (row) => <>{actions.map((spec) => <RowAction spec={spec} csrf={csrf} row={row} />)}</>}
    />
  );
}
