/**
 * Keeps a socket connected to one endpoint: connects, waits for the end, and connects again after a pause that grows.
 *
 * Between `openSocket.ts`, which says what becomes of a stream, and the network. It ends only with a peer that will never
 * fit, or when it is interrupted; then it closes its connection.
 */
import { Effect, Random } from "effect"
import type { Connection } from "./Connection.ts"
import { type Endpoint, formatEndpoint } from "./Endpoint.ts"
import type { Unreachable } from "./SocketError.ts"
import type { Settings } from "./SocketOptions.ts"
import type { Accept, ByteStream } from "./Streams.ts"
import type { OnEvent } from "./ZmtpSocket.ts"

/** Connects until it is interrupted or the peer will never fit. */
export const keepConnected = Effect.fnUntraced(function* (
  endpoint: Endpoint,
  { first, max }: Settings["reconnect"],
  onEvent: OnEvent,
  connect: (accept: Accept) => Effect.Effect<void, Unreachable>,
  open: (stream: ByteStream) => Connection,
): Effect.fn.Return<void> {
  const name = formatEndpoint(endpoint)

  const once = Effect.suspend(() => {
    let connection: Connection | undefined
    const connected = connect((stream) => {
      connection = open(stream)
      return connection.events
    })
    return connected.pipe(
      Effect.andThen(Effect.suspend(() => connection!.ended)),
      Effect.catch(({ detail }) => Effect.succeed({ wasReady: false, why: detail, fatal: false })),
      Effect.onInterrupt(() => Effect.sync(() => connection?.close())),
    )
  })

  let pause = first
  for (;;) {
    const { wasReady, why, fatal } = yield* once
    if (fatal) return onEvent({ _tag: "GaveUp", endpoint: name, why })
    if (wasReady) pause = first
    // several that lost the same peer come back one after the other
    const delay = Math.round(pause * (1 + (yield* Random.next)) / 2)
    onEvent({ _tag: "Retrying", endpoint: name, why, delay })
    yield* Effect.sleep(delay)
    pause = Math.min(pause * 2, max)
  }
})
