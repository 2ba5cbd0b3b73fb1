/**
 * A transport that misbehaves on demand, around one that does not.
 *
 * Each fault is armed once and strikes the next packet it fits; what follows is up to the engine behind, which has the
 * broker's semantics. It also shows every packet to the recorder.
 */
import { Effect } from "effect"
import type { Packet, Route, Transport } from "../transport/mod.ts"
import { Exchange } from "../wire/mod.ts"

/** What can befall a published packet. */
export type Fault =
  /** The broker takes it, but its confirm never comes. */
  | { readonly _tag: "DropConfirm" }
  /** The broker takes it twice. */
  | { readonly _tag: "Duplicate" }
  /** It reaches the broker so many ms later. */
  | { readonly _tag: "Delay"; readonly ms: number }

interface Armed {
  readonly fault: Fault
  readonly fits: (packet: Packet) => boolean
}

/** A transport and the means to make it misbehave. */
export interface Faulty {
  readonly transport: Transport["Service"]
  /** Strikes the next event or call packet that fits. */
  readonly arm: (fault: Fault, fits: (packet: Packet) => boolean) => void
}

/** Wraps a transport. */
export const makeFaulty = (
  inner: Transport["Service"],
  published: (route: Route, packet: Packet) => void,
): Faulty => {
  const armed: Array<Armed> = []
  return {
    arm: (fault, fits) => void armed.push({ fault, fits }),
    transport: {
      ...inner,
      publish: (route, packet) =>
        Effect.suspend(() => {
          published(route, packet)
          const at = isMessage(route) ? armed.findIndex(({ fits }) => fits(packet)) : -1
          if (at < 0) return inner.publish(route, packet)
          const [{ fault }] = armed.splice(at, 1) as [Armed]
          switch (fault._tag) {
            case "DropConfirm":
              return Effect.andThen(inner.publish(route, packet), Effect.never)
            case "Duplicate":
              return Effect.andThen(inner.publish(route, packet), inner.publish(route, packet))
            case "Delay":
              return Effect.andThen(Effect.sleep(fault.ms), inner.publish(route, packet))
          }
        }),
    },
  }
}

const isMessage = ({ exchange }: Route): boolean => exchange === Exchange.events || exchange === Exchange.calls
