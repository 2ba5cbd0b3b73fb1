/**
 * A server on Bun.
 *
 * Adds what Bun has of its own: an idle timeout that would cut a long request off is lifted for each request in hand
 * and stays for idle connections.
 */
import { lookup } from "node:dns/promises"
import type { StartServer } from "./serve.ts"

/** The part of Bun's own interface that is used here. */
declare const Bun: {
  readonly serve: (options: {
    readonly hostname: string
    readonly port: number
    readonly idleTimeout: number
    readonly maxRequestBodySize: number
    readonly fetch: (request: Request, server: BunServer) => Response | Promise<Response>
    readonly error: () => Response
  }) => BunServer
}

interface BunServer {
  readonly hostname: string
  readonly port: number
  readonly timeout: (request: Request, seconds: number) => void
  readonly stop: (closeActive?: boolean) => Promise<void>
}

/** Listens. */
export const start: StartServer = async ({ hostname, port, fetch }) => {
  // Bun says "in use" of a name that it cannot resolve
  const { address } = await lookup(hostname)
  const server = Bun.serve({
    hostname: address,
    port,
    idleTimeout: 30,
    // how much is read is the handler's business
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, self) => {
      self.timeout(request, 0)
      return fetch(request)
    },
    error: () => new Response(null, { status: 500 }),
  })
  return {
    hostname,
    port: server.port,
    stop: () => server.stop(false),
    force: () => server.stop(true),
  }
}
