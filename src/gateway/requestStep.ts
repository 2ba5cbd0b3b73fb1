/**
 * A request as a step that is recorded, where spans are: the root of what it sets off, or a step of its client's trace.
 *
 * Only calls and emits are; asking for health, metrics and the like would bury them. Answers nothing.
 */
import type { OpenStep, Telemetry } from "../runtime/mod.ts"
import type { Trace } from "../wire/mod.ts"
import { parentIn } from "./headers.ts"

/** Begins the step. `name`: method and route, `POST /calls/sales/quote`. */
export const beginRequest = (
  telemetry: Telemetry | undefined,
  name: string | undefined,
  headers: Headers,
  trace: Trace,
): OpenStep | undefined =>
  name === undefined ? undefined : telemetry?.begin({
    kind: "request",
    trace,
    parent: parentIn(headers),
    id: "",
    type: name,
    app: telemetry.app,
    handler: undefined,
    queue: undefined,
    attempt: 1,
    size: 0,
    first: undefined,
  })

/** Ends the step: a status from 500 is the server's fault, another is an answer. `undefined`: the client is gone. */
export const endRequest = (step: OpenStep | undefined, status: number | undefined): void => {
  if (status === undefined) step?.end("interrupted")
  else if (status >= 500) step?.fail(String(status), String(status))
  else step?.end(String(status), status >= 400 ? String(status) : undefined)
}
