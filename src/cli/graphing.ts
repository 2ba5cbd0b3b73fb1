/**
 * `warren topology --graph`: who speaks to whom, as text, for Mermaid, or for Graphviz.
 *
 * Asks the verb `graph`, of a running process or on a broker; of modules alone it is built from what they declare.
 */
import { Console, Effect, Option } from "effect"
import type { ContractSpec } from "../contract/mod.ts"
import type { TopologyReport } from "../gateway/mod.ts"
import { contractsByType, type Graph, graphOf, type Use } from "../inspect/mod.ts"
import { discover } from "./discover.ts"
import type { CliFailure } from "./Failure.ts"
import { drawingOf } from "./graph/drawing.ts"
import type { GraphForm } from "./graph/forms.ts"
import { dotOf } from "./graph/dot.ts"
import { mermaidOf } from "./graph/mermaid.ts"
import { graphText } from "./graph/text.ts"
import { ask, type InspectInput } from "./inspecting.ts"
import { load } from "./load.ts"
import { printJson } from "./output.ts"
import { paintFor } from "./paint.ts"

/** What the command was given. */
export interface GraphInput extends InspectInput {
  readonly json: boolean
  readonly form: GraphForm
}

/** Prints it. */
export const printGraph = Effect.fnUntraced(function* (input: GraphInput): Effect.fn.Return<void, CliFailure> {
  const isModules = Option.isNone(input.broker) && Option.isSome(input.workers)
  const graph = isModules ? yield* graphOfModules(input.workers.value) : (yield* ask(input, "graph", {})) as Graph
  if (input.json) return yield* printJson(graph)
  return yield* Console.log(drawn(graph, input.form))
})

const drawn = (graph: Graph, form: GraphForm): string => {
  switch (form) {
    case "text":
      return graphText(graph, paintFor("stdout"))
    case "mermaid":
      return mermaidOf(drawingOf(graph))
    case "dot":
      return dotOf(drawingOf(graph))
  }
}

const graphOfModules = Effect.fnUntraced(function* (workers: string) {
  const { deriveTopology } = yield* Effect.promise(() => import("./derive.ts"))
  const { files } = yield* Effect.fromResult(discover([workers]))
  const { contracts } = yield* load(files)
  return declared(yield* deriveTopology(workers), contractsByType(contracts.values()))
})

/** What modules declare: who handles what; who sends it, nobody says before it runs. */
const declared = ({ apps, handlers }: TopologyReport, contracts: ReadonlyMap<string, ContractSpec>): Graph =>
  graphOf({
    at: 0,
    source: "derived from the modules, not running: who emits and calls is known once they run",
    isRunning: false,
    members: [...contracts.values()].map(({ type, kind }) => ({ type, kind })),
    apps: apps.map(({ app }) => ({ app, known: "declared" })),
    uses: handlers.flatMap(({ app, label, kind, subject }): ReadonlyArray<Use> =>
      kind === "schedule" ? [] : [{
        app,
        type: subject,
        kind: kind === "call" ? "call" : "event",
        role: "handles",
        handler: label.slice(app.length + 1),
        known: "declared",
      }]
    ),
    schedules: handlers.flatMap(({ app, label, kind, subject }) =>
      kind === "schedule" ? [{ app, handler: label.slice(app.length + 1), timing: subject, known: "declared" }] : []
    ),
    gaps: [],
  })
