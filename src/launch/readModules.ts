/**
 * The apps of worker modules that a program imported itself, which have no file name to be called after.
 *
 * A record names them; in a list an app is called as its `worker({ app })` says, else after the one api whose calls it
 * handles. What has neither is refused, because its listeners' queues would change with their place in the list.
 */
import { Result } from "effect"
import { type AppModule, InvalidModule, isHandler, type Namespace, readModule } from "../runtime/mod.ts"

/** Worker modules: `[sales, parts]`, or `{ sales, parts }` to name them. */
export type Modules = ReadonlyArray<Namespace> | { readonly [app: string]: Namespace }

/** The apps of modules. */
export const readModules = (modules: Modules): Result.Result<ReadonlyArray<AppModule>, InvalidModule> => {
  const apps: Array<AppModule> = []
  for (const [i, [key, namespace]] of entriesOf(modules).entries()) {
    const file = key ?? `workers[${i}]`
    const app = key ?? servedApi(namespace)
    if (app === undefined && !isNamed(namespace)) {
      const reason = "nothing says what its app is called; pass it in a record, `workers: { name: module }`"
      return Result.fail(new InvalidModule({ file, export: "", reason }))
    }
    const read = readModule(namespace, { file, app: app ?? "" })
    if (Result.isFailure(read)) return Result.fail(read.failure)
    apps.push(read.success)
  }
  return Result.succeed(apps)
}

const entriesOf = (modules: Modules): ReadonlyArray<readonly [string | undefined, Namespace]> =>
  isList(modules) ? modules.map((namespace) => [undefined, namespace]) : Object.entries(modules)

const isList = (modules: Modules): modules is ReadonlyArray<Namespace> => Array.isArray(modules)

/** Whether a handler says the name, or there is no handler at all, which `readModule` says better. */
const isNamed = (namespace: Namespace): boolean => {
  const handlers = Object.values(namespace).filter(isHandler)
  return handlers.length === 0 || handlers.some(({ worker }) => worker?.app !== undefined)
}

const servedApi = (namespace: Namespace): string | undefined => {
  const apis = new Set(
    Object.values(namespace).flatMap((value) => isHandler(value) && value.kind === "call" ? [value.contract.api] : []),
  )
  return apis.size === 1 ? [...apis][0] : undefined
}
