/**
 * An embedded broker for a run, in this process: what goes wrong inside of it ends the run.
 */
import { Effect, Exit, Scope } from "effect"
import { listen } from "../../adapters/embedded/mod.ts"

/** One that runs. */
export interface Embedded {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts one; `onDefect` is told of what no client may cause. */
export const startEmbedded = async (onDefect: (defect: unknown) => void): Promise<Embedded> => {
  const scope = Scope.makeUnsafe()
  const users = [{ user: "guest", password: "guest" }]
  const { port } = await Effect.runPromise(Scope.provide(listen({ users, onDefect }), scope))
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
