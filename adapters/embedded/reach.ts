/**
 * Asks who is at an address: the first words of an AMQP server, and the name in them.
 *
 * Below `Embedded.ts`. Proves nothing by itself and sends no password; closes as soon as it knows.
 */
import { connect } from "node:net"
import { Effect } from "effect"
import { FrameReader, isWireError, protocolHeader } from "../../src/broker/mod.ts"

/**
 * The name of the broker that answers there; `undefined`: nobody does, or something else, or not within `patience` ms, as a
 * process that is frozen.
 */
export const brokerAnswering = (host: string, port: number, patience = 2_000): Effect.Effect<string | undefined> =>
  Effect.callback<string | undefined>((resume) => {
    const frames = new FrameReader({ frameMax: 0, expectsGreeting: false })
    const socket = connect({ host, port })
    const tell = (name: string | undefined) => {
      resume(Effect.succeed(name))
      socket.destroy()
    }
    socket.on("connect", () => socket.write(protocolHeader as Uint8Array))
    socket.on("data", (bytes: Uint8Array) => {
      frames.push(bytes)
      const frame = frames.next()
      if (frame === undefined) return
      if (isWireError(frame) || frame.type !== "method" || frame.method.name !== "connection.start") {
        return tell(undefined)
      }
      const name = frame.method.serverProperties.get("cluster_name")?.value
      tell(typeof name === "string" ? name : undefined)
    })
    socket.on("error", () => tell(undefined))
    socket.on("close", () => tell(undefined))
    return Effect.sync(() => void socket.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(undefined) }))
