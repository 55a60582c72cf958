/** @jsxImportSource hono/jsx */
import type { OperationSpec } from "@alknet/operations";

import type { Element } from "./element.ts";
import { fieldsOf, fieldText, type FormField, inputName } from "../form_input.ts";
import { ownValue, words } from "./value.tsx";

/** What a form needs beside the operation. */
export interface OperationFormProps {
  /** What it calls. */
  readonly spec: OperationSpec;
  /** The token of the session. */
  readonly csrf: string;
}

/**
 * A form for an operation's input. It works without scripts; with them the answer comes into the
 * element of the form's id.
 */
export function OperationForm({ spec, csrf }: OperationFormProps): Element {
  const path = operationPath(spec.name);
  const answer = `answer-${spec.name.replace(/[^A-Za-z0-9]/g, "-")}`;
  const fields = fieldsOf(spec.inputSchema);
  if (spec.type === "subscription") {
    return (
      <form method="get" action={path}>
        <input type="hidden" name="follow" value="yes" />
        {fields.map((field) => <Field field={field} />)}
        <button type="submit">Follow</button>
      </form>
    );
  }
  return (
    <>
      <form
        method="post"
        action={path}
        hx-post={path}
        hx-target={`#${answer}`}
        hx-confirm={spec.type === "mutation" && !spec.idempotent
          ? `Really call ${spec.name}?`
          : undefined}
      >
        <input type="hidden" name="csrf" value={csrf} />
        {fields.map((field) => <Field field={field} />)}
        <button type="submit">{spec.type === "query" ? "Ask" : words(verbOf(spec))}</button>
      </form>
      <div id={answer} aria-live="polite"></div>
    </>
  );
}

/** A button that calls an operation with what stands in a row. */
export function RowAction({ spec, csrf, row }: OperationFormProps & {
  readonly row: Readonly<Record<string, unknown>>;
}): Element {
  const fields = fieldsOf(spec.inputSchema).filter(({ optional }) => !optional);
  const subject = fields.map(({ name }) => fieldText(ownValue(row, name))).join(" ");
  const path = operationPath(spec.name);
  return (
    <form
      method="post"
      action={path}
      hx-post={path}
      hx-target="#answer"
      hx-confirm={`${words(verbOf(spec))} "${subject}"?`}
    >
      <input type="hidden" name="csrf" value={csrf} />
      {fields.map((field) => (
        <input type="hidden" name={inputName(field)} value={fieldText(ownValue(row, field.name))} />
      ))}
      <button class="plain" type="submit" aria-label={`${words(verbOf(spec))} ${subject}`}>
        {words(verbOf(spec))}
      </button>
    </form>
  );
}

/** Where an operation's page is. */
export function operationPath(name: string): string {
  return `/ui/operations/${name.split("/").map(encodeURIComponent).join("/")}`;
}

function verbOf({ name }: OperationSpec): string {
  return name.split("/").at(-1) ?? name;
}

function Field({ field }: { readonly field: FormField }): Element {
  const { name, optional, description } = field;
  const label = name === "" ? "Input" : words(name);
  return (
    <label>
      <span>
        {label} {optional ? <small>(optional)</small> : ""}
      </span>
      <Control field={field} />
      {description ? <small>{description}</small> : ""}
    </label>
  );
}

function Control({ field }: { readonly field: FormField }): Element {
  const { kind, optional, choices, fallback } = field;
  const common = { name: inputName(field), required: !optional && kind !== "boolean" };
  switch (kind) {
    case "choice":
      return <Choice field={field} choices={choices} />;
    case "boolean":
      return <Choice field={field} choices={["true", "false"]} />;
    case "number":
    case "integer":
      return (
        <input type="number" step={kind === "integer" ? "1" : "any"} value={fallback} {...common} />
      );
    case "lines":
      return (
        <textarea {...common} required={false} placeholder="One a line">
          {fallback}
        </textarea>
      );
    case "json":
      return (
        <textarea {...common} required={false} placeholder="JSON" spellcheck={false}>
          {fallback}
        </textarea>
      );
  }
  return <input type="text" autocomplete="off" value={fallback} {...common} />;
}

function Choice({ field, choices }: {
  readonly field: FormField;
  readonly choices: readonly string[];
}): Element {
  return (
    <select name={inputName(field)}>
      {field.optional ? <option value="">Not said</option> : ""}
      {choices.map((choice) => (
        <option value={choice} selected={choice === field.fallback}>{choice}</option>
      ))}
    </select>
  );
}
