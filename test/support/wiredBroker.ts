/**
 * RabbitMQ behind a wire that can be cut, for all tests of one file: started before the first of them, stopped after the last.
 */
import { type Proxy, startProxy } from "./proxy.ts"
import { rabbit } from "./rabbit.ts"

/** A broker and the wire to it; without a broker all URLs are empty. */
export interface WiredBroker {
  /** Where it is reached over the wire. */
  readonly url: () => string
  /** Where it is reached past the wire. */
  readonly direct: () => string
  /** Cuts all connections over the wire. */
  readonly cut: () => void
}

/** Starts and stops one with the tests of this file. */
export const wiredBroker = (): WiredBroker => {
  let proxy: Proxy | undefined
  const direct = rabbit({
    started: async (url) => void (proxy = await startProxy(Number(new URL(url).port))),
    stopping: async () => await proxy?.close(),
  })
  return { url: () => proxy?.through(direct()) ?? "", direct, cut: () => proxy?.cut() }
}
