/**
 * RabbitMQ behind a wire that can be cut, for all tests of one file: started before the first of them, stopped after the last.
 */
import { afterAll, beforeAll } from "#test"
import { testBroker } from "../../scripts/rabbitmq.ts"
import { type Proxy, startProxy } from "./proxy.ts"

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
  let broker: Awaited<ReturnType<typeof testBroker>>
  let proxy: Proxy | undefined
  beforeAll(async () => {
    broker = await testBroker()
    if (broker !== undefined) proxy = await startProxy(Number(new URL(broker.url).port))
  })
  afterAll(async () => {
    await proxy?.close()
    await broker?.stop()
  })
  const direct = () => broker?.url ?? ""
  return { url: () => proxy?.through(direct()) ?? "", direct, cut: () => proxy?.cut() }
}
