/**
 * A process's control queue: what it is bound to, which is what the process has a use for, and who takes what comes.
 *
 * Part of `Core`. Below it the transport; it reads nothing. One queue bound to everything would make each process hear each
 * other one, so bindings are added as a process turns out to need them, and come back with the queue.
 */
import { Effect, type Fiber, type Scope } from "effect"
import { type Delivery, merge, type Packet, type Transport, type TransportError } from "../transport/mod.ts"
import { controlTopology, processTopology, QueueName } from "../wire/mod.ts"
import { keepConsuming } from "./consume.ts"

/** See the top of the file. */
export interface Control {
  /** Declares the process's queues and consumes this one until the scope closes. */
  readonly start: (take: (packet: Packet) => void) => Effect.Effect<void, TransportError, Scope.Scope>
  /** Binds it to these keys too, from now on; it has been started. */
  readonly hear: (keys: ReadonlyArray<string>) => Effect.Effect<void, TransportError>
}

/** What a control queue stands on. */
export interface ControlCore {
  readonly instance: string
  readonly transport: Transport["Service"]
  readonly runFork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

/** So long, ms, and so many at most, are acked together: acks of single notices are a third of what those cost the broker. */
const rest = 1_000
const mostTaken = 200

/** The control queue of a process; it does not exist before `start`. */
export const makeControl = ({ instance, transport, runFork }: ControlCore): Control => {
  let topology = processTopology(instance)
  let taken: Array<Delivery> = []
  /** What was taken is acked together, which is one ack on the wire: nobody waits for it, and the queue ends with the process. */
  const settle = (): void => {
    const all = taken
    taken = []
    for (const delivery of all) runFork(Effect.ignore(delivery.settle("ack")))
  }
  return {
    start: (take) =>
      Effect.andThen(
        transport.declare(topology),
        keepConsuming({ transport, runFork }, {
          queue: QueueName.control(instance),
          // what was added meanwhile goes with the queue, and comes with it
          get topology() {
            return topology
          },
          prefetch: 1_000,
          deliver: (delivery) => {
            take(delivery.packet)
            taken.push(delivery)
            // within one process an ack costs nothing
            if (taken.length >= mostTaken || !transport.traits.shared) settle()
            else if (taken.length === 1) runFork(Effect.andThen(Effect.sleep(rest), Effect.sync(settle)))
          },
        }),
      ),
    hear: (keys) =>
      Effect.suspend(() => {
        const more = controlTopology(instance, keys)
        topology = merge(topology, more)
        return transport.declare(more)
      }),
  }
}
