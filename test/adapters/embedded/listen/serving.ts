/**
 * An embedded broker for the tests of one file: it listens before the first of them, and is gone after the last.
 */
import { afterAll, beforeAll } from "#test"
import { Effect, Exit, Scope } from "effect"
import { listen, type Listening, type ListenOptions } from "../../../../adapters/embedded/mod.ts"

/** A broker that listens, and how to end it. */
export interface Serving extends Listening {
  readonly url: string
  readonly stop: () => Promise<void>
  readonly defects: ReadonlyArray<unknown>
}

/** Starts one. */
export const serve = async (options: Partial<ListenOptions> = {}): Promise<Serving> => {
  const scope = Scope.makeUnsafe()
  const defects: Array<unknown> = []
  const listening = await Effect.runPromise(Scope.provide(
    listen({
      users: [{ user: "guest", password: "guest" }],
      onDefect: (defect) => void defects.push(defect),
      ...options,
    }),
    scope,
  ))
  return {
    ...listening,
    defects,
    url: `amqp://guest:guest@127.0.0.1:${listening.port}`,
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

/** What else a file has. */
export interface Around {
  /** Once it listens, before the first test. @default nothing */
  readonly started?: (broker: Serving) => Promise<void>
  /** Before it ends, after the last test. @default nothing */
  readonly stopping?: () => Promise<void>
}

/** Starts one for the tests of a file; it must have made no mistake by the end. */
export const serving = (options: Partial<ListenOptions> = {}, { started, stopping }: Around = {}): () => Serving => {
  let broker: Serving | undefined
  beforeAll(async () => {
    broker = await serve(options)
    await started?.(broker)
  })
  afterAll(async () => {
    await stopping?.()
    await broker?.stop()
    const [defect] = broker?.defects ?? []
    if (defect !== undefined) throw defect
  })
  return () => {
    if (broker === undefined) throw new Error("the broker does not listen yet")
    return broker
  }
}
