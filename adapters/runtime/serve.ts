/**
 * Serves a fetch handler on a port, on whatever runtime this is, until the scope closes.
 *
 * Above it `warren run`; below it one file a runtime, which adds only what differs there. Ends gracefully: takes no new
 * connection, lets requests in flight finish up to a limit, then cuts them off. Long requests are not cut by idle
 * timeouts; how long a request may take is the handler's business.
 */
import { Effect, type Scope } from "effect"
import { runtime } from "./runtime.ts"
import { type Address, formatAddress } from "./serveAddress.ts"
import { listenFailure, ServeError } from "./ServeError.ts"

/** What to serve, and where. */
export interface ServeOptions extends Address {
  /** Answers a request; a request whose client hung up has its `signal` aborted. */
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** Longest wait for requests in flight at the end, ms. @default 5000 */
  readonly grace?: number
}

/** A server of one runtime. */
export interface Serving extends Address {
  /** Takes no new connection; resolves once the requests in flight are answered. */
  readonly stop: () => Promise<void>
  /** Cuts off whatever is left. */
  readonly force: () => void | Promise<void>
}

/** Starts a server; fails by throwing or rejecting with the runtime's own error. */
export type StartServer = (options: ServeOptions) => Serving | Promise<Serving>

/** Listens; the scope's end stops it. Succeeds with the address it got. */
export const serve = (options: ServeOptions): Effect.Effect<Address, ServeError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => (await starter())(options),
      catch: (error) => listenFailure(options, error),
    }),
    (serving) =>
      Effect.promise(() => serving.stop()).pipe(
        Effect.timeoutOrElse({
          duration: options.grace ?? 5_000,
          orElse: () =>
            Effect.andThen(
              Effect.logWarning(`Cut off the requests that ${formatAddress(serving)} still had in flight`),
              Effect.promise(() => Promise.resolve(serving.force())),
            ),
        }),
        Effect.catchCause((cause) => Effect.logWarning(`Cannot close ${formatAddress(serving)} cleanly`, cause)),
      ),
  ).pipe(Effect.map(({ hostname, port }) => ({ hostname, port })))

/** Loads the server of this runtime beforehand, so that `serve` listens at once. */
export const loadServer: Effect.Effect<void> = Effect.asVoid(Effect.promise(() => starter()))

/** Only the file of this runtime is loaded. */
const starter = async (): Promise<StartServer> => {
  switch (runtime.name) {
    case "bun":
      return (await import("./serveBun.ts")).start
    case "deno":
      return (await import("./serveDeno.ts")).start
    case "node":
      return (await import("./serveNode.ts")).start
  }
}
