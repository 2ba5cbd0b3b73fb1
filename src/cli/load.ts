/**
 * Loads worker modules: imports each file, reads its handlers, and checks that they can run side by side.
 *
 * Above `discover.ts`, below `warren run`. Starts nothing; whatever a module does or throws while it is imported is
 * its author's, and is told with the file and the place.
 */
import { stripVTControlCharacters } from "node:util"
import { Effect } from "effect"
import { importModule } from "../../adapters/runtime/mod.ts"
import { contractsIn, type ContractSpec } from "../contract/mod.ts"
import {
  type AppModule,
  checkTogether,
  framesOf,
  type InvalidModule,
  type Namespace,
  readModule,
} from "../runtime/mod.ts"
import { appNameOf } from "./discover.ts"
import { CliFailure, misuse } from "./Failure.ts"
import { describe, shown } from "./stack.ts"

/** What was loaded. */
export interface Loaded {
  readonly apps: ReadonlyArray<AppModule>
  /** Every contract the modules handle or export, by its type: what can be called and emitted by name. */
  readonly contracts: ReadonlyMap<string, ContractSpec>
  /** The same by app: two modules may know one contract by different schemas. */
  readonly contractsOf: ReadonlyMap<string, ReadonlyArray<ContractSpec>>
}

/** Loads modules; `app` names the app of a single one. */
export const load = Effect.fnUntraced(function* (
  files: ReadonlyArray<string>,
  app?: string,
): Effect.fn.Return<Loaded, CliFailure> {
  if (app !== undefined && files.length !== 1) {
    return yield* misuse(
      `Cannot name ${files.length} modules "${app}": --app names the app of exactly one module`,
      "Name the module, `warren run workers/sales.ts --app sales`, or use worker({ app }) in each",
    )
  }
  const apps: Array<AppModule> = []
  const contracts = new Map<string, ContractSpec>()
  const contractsOf = new Map<string, ReadonlyArray<ContractSpec>>()
  for (const file of files) {
    const namespace = yield* importWorker(file)
    const module = yield* Effect.fromResult(readModule(namespace, { file: shown(file), app: app ?? appNameOf(file) }))
      .pipe(Effect.mapError(refused))
    apps.push(module)
    const handled = module.handlers.flatMap(({ handler }) => handler.kind === "schedule" ? [] : [handler.contract])
    const known = [...contractsIn(Object.values(namespace)), ...handled]
    for (const contract of known) contracts.set(contract.type, contract)
    contractsOf.set(module.app, known)
  }
  yield* Effect.mapError(Effect.fromResult(checkTogether(apps)), refused)
  return { apps, contracts, contractsOf }
})

const importWorker = (file: string): Effect.Effect<Namespace, CliFailure> =>
  Effect.tryPromise({ try: () => importModule(file), catch: (thrown) => loadFailure(file, thrown) }).pipe(
    Effect.timeoutOrElse({
      duration: longestLoad,
      orElse: () =>
        Effect.fail(
          new CliFailure({
            problem: `Cannot load "${
              shown(file)
            }": after ${longestLoad} its top-level \`await\` has not come to an end`,
            remedy: "Await in a handler, or in the layer of worker({ layer }); a module should only declare",
          }),
        ),
    }),
  )

/** A module that takes longer waits for something that will not come. */
const longestLoad = "30 seconds"

const refused = ({ message }: InvalidModule): CliFailure => new CliFailure({ problem: message })

const loadFailure = (file: string, thrown: unknown): CliFailure => {
  const what = reasonOf(thrown)
  const place = positionOf(thrown) ?? placeOf(thrown)
  const remedy = runtimesOwn.find(([sign]) => sign.test(what))?.[1] ??
    `Correct ${place === undefined ? "it" : `it at ${place}`}, or leave the file out; --log-level debug shows the stack`
  return new CliFailure({ problem: `Cannot load "${shown(file)}": ${what}`, remedy, from: thrown })
}

/** The place of the nearest frame: `workers/sales.ts:12:9`. */
const placeOf = (thrown: unknown): string | undefined => /([^\s()]+:\d+:\d+)\)?$/.exec(framesOf(thrown)?.[0] ?? "")?.[1]

/** What Node says where not the module is wrong, and what to do about it. */
const runtimesOwn: ReadonlyArray<readonly [sign: RegExp, remedy: string]> = [
  [/^Unknown file extension "\.m?ts"/, "This Node reads no TypeScript: run it with Node 22.18 or later, Bun or Deno"],
  [
    /^Cannot use import statement outside a module/,
    'Set "type": "module" in the package.json next to it, or let its name end in .mts',
  ],
]

/** The first of what a bundler or loader found, without colours, in one line. */
const reasonOf = (thrown: unknown): string => {
  const first = thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown
  const said = first instanceof Error || typeof first !== "object" || first === null || !("message" in first)
    ? describe(first)
    : String(first.message)
  return stripVTControlCharacters(said)
    .replace(/^((Type|Syntax)Error|BuildMessage|ResolveMessage): (?=\w+Error: |\w)/, "")
    .replaceAll("file://", "").split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !/^[~^|\s]+$/.test(line)).slice(0, 3).join(" ")
}

/** Where Bun's and Node's loaders say it is. */
const positionOf = (thrown: unknown): string | undefined => {
  const first = thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown
  if (typeof first !== "object" || first === null) return undefined
  const { position, stack } = first as {
    readonly position?: { readonly file?: string; readonly line?: number; readonly column?: number } | null
    readonly stack?: unknown
  }
  if (typeof position?.file === "string") return `${shown(position.file)}:${position.line}:${position.column}`
  const line = typeof stack === "string" ? /^(?:file:\/\/)?(\S+:\d+)\r?\n/.exec(stack)?.[1] : undefined
  return line === undefined ? undefined : shown(line)
}
