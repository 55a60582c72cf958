import { getLogger } from "@logtape/logtape";

const log = getLogger(["alknet", "node"]);

/**
 * Keeps the node running when code that nobody waits for fails: a promise that an operation's
 * module left alone, an event listener that throws. Without this Deno ends the process.
 *
 * @returns Disposed of, such a failure ends the process again.
 */
export function containFaults(): Disposable {
  const onRejection = (event: PromiseRejectionEvent): void => contain(event, event.reason);
  const onError = (event: ErrorEvent): void => contain(event, event.error);
  addEventListener("unhandledrejection", onRejection);
  addEventListener("error", onError);
  return {
    [Symbol.dispose]: () => {
      removeEventListener("unhandledrejection", onRejection);
      removeEventListener("error", onError);
    },
  };
}

function contain(event: Event, error: unknown): void {
  event.preventDefault();
  log.error("fault.contained", { error });
}
