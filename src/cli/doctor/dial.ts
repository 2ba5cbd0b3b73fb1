/**
 * Whether something listens at a host and port, and by which address of this machine it is reached.
 *
 * Opens a connection and closes it at once; says nothing to whoever is there.
 */
import { Effect } from "effect"
import { lookup } from "node:dns/promises"
import { connect } from "node:net"

/** What came of it. */
export type Dialled =
  | { readonly reached: true; readonly local: string | undefined }
  | { readonly reached: false; readonly why: string }

/** Host and port of `host:port` or `[::1]:port`. */
export const hostAndPort = (address: string): { readonly host: string; readonly port: number } | undefined => {
  const found = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address)
  return found === null ? undefined : { host: found[1] ?? found[2]!, port: Number(found[3]) }
}

/** Connects, at most for so many ms. */
export const dial = (host: string, port: number, patience: number): Effect.Effect<Dialled> =>
  Effect.callback<Dialled>((resume) => {
    const socket = connect({ host, port })
    const end = (dialled: Dialled) => {
      socket.destroy()
      resume(Effect.succeed(dialled))
    }
    socket.once("connect", () => end({ reached: true, local: socket.localAddress }))
    socket.on("error", (error: NodeJS.ErrnoException) => end({ reached: false, why: error.code || error.message }))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutOrElse({
    duration: patience,
    orElse: () => Effect.succeed<Dialled>({ reached: false, why: `no answer within ${patience} ms` }),
  }))

/** The addresses of a host's name; a text says why there are none. */
export const resolveHost = (host: string, patience: number): Effect.Effect<ReadonlyArray<string> | string> =>
  Effect.tryPromise({
    try: async () => (await lookup(host, { all: true })).map(({ address }) => address),
    catch: (error) => String((error as NodeJS.ErrnoException).code ?? error),
  }).pipe(
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(`no answer within ${patience} ms`) }),
    Effect.catch((why) => Effect.succeed<ReadonlyArray<string> | string>(why)),
  )
