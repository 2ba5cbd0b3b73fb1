/**
 * A server on Deno.
 *
 * Deno has no idle timeout for requests. Once it shuts down it cannot be told to hurry (its abort signal then throws where
 * nobody can catch it, seen on 2.9.5), so what is still in flight is answered 503 and the server no longer keeps the process.
 */
import type { StartServer } from "./serve.ts"

/** The part of Deno's own interface that is used here. */
declare const Deno: {
  readonly serve: (
    options: {
      readonly hostname: string
      readonly port: number
      readonly onListen: () => void
      readonly onError: () => Response
    },
    handler: (request: Request) => Response | Promise<Response>,
  ) => {
    readonly addr: { readonly port: number }
    readonly shutdown: () => Promise<void>
    readonly unref: () => void
  }
}

/** Listens. */
export const start: StartServer = ({ hostname, port, fetch }) => {
  const inFlight = new Set<(response: Response) => void>()
  const handle = (request: Request) =>
    new Promise<Response>((resolve, reject) => {
      inFlight.add(resolve)
      // in a function of its own, so that a handler that throws rejects
      const answer = async () => resolve(await fetch(request))
      answer().catch(reject).finally(() => inFlight.delete(resolve))
    })
  const server = Deno.serve({
    hostname,
    port,
    onListen: () => {},
    onError: () => new Response(null, { status: 500 }),
  }, handle)
  return {
    hostname,
    port: server.addr.port,
    stop: () => server.shutdown(),
    force: () => {
      for (const resolve of inFlight) resolve(new Response(null, { status: 503 }))
      server.unref()
    },
  }
}
