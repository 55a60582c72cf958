/** @jsxImportSource hono/jsx */
import type { OperationSpec } from "@alknet/operations";

import type { Element } from "./element.ts";
import { type Answer, AnswerView } from "./answer.tsx";
import { OperationForm, operationPath } from "./operation_form.tsx";

/** Every operation that the viewer may call. */
export function OperationsPage(
  { specs }: { readonly specs: readonly OperationSpec[] },
): Element {
  return (
    <section>
      <div class="scroll" tabindex={0} role="region" aria-label="Operations">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col">What it does</th>
            </tr>
          </thead>
          <tbody>
            {specs.map(({ name, type, description }) => (
              <tr>
                <td>
                  <a href={operationPath(name)}>{name}</a>
                </td>
                <td>{type}</td>
                <td>{description}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** One operation: its form, what came of it, and its schemas. */
export function OperationPage({ spec, csrf, answer, stream }: {
  readonly spec: OperationSpec;
  readonly csrf: string;
  readonly answer?: Answer;
  /** Where its items come from, once it is followed. */
  readonly stream?: string;
}): Element {
  return (
    <>
      <section>
        {spec.description ? <p>{spec.description}</p> : ""}
        <p class="quiet">{spec.type}</p>
        <OperationForm spec={spec} csrf={csrf} />
        {answer ? <AnswerView answer={answer} /> : ""}
      </section>
      {stream ? <Following path={stream} /> : ""}
      <section>
        <details>
          <summary>Schemas</summary>
          <h2>Input</h2>
          <pre>{JSON.stringify(spec.inputSchema, null, 2)}</pre>
          <h2>Output</h2>
          <pre>{JSON.stringify(spec.outputSchema, null, 2)}</pre>
          <h2>Errors</h2>
          <pre>{JSON.stringify(spec.errorSchemas, null, 2)}</pre>
        </details>
      </section>
    </>
  );
}

/** What comes from a subscription, newest first. */
export function Following({ path }: { readonly path: string }): Element {
  return (
    <section>
      <p>
        <span id="stream-status" role="status">Connecting</span>{" "}
        <button class="plain" id="stream-stop" type="button">Stop</button>
      </p>
      <noscript>Following needs scripts.</noscript>
      <div
        class="stream"
        data-stream={path}
        data-status="stream-status"
        data-stop="stream-stop"
        tabindex={0}
        role="log"
        aria-label="Items"
      >
      </div>
    </section>
  );
}
