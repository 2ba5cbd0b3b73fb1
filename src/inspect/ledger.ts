/**
 * Reads the ledger of a broker: what was once there, and the contracts that were spoken.
 *
 * Above the steward's port. Each document lies in a few parts, which others take for a moment to join them, so an
 * empty queue is looked at again. Where nothing can be read it says why: that nobody is remembered is another thing.
 */
import { Effect } from "effect"
import type { Steward } from "../transport/mod.ts"
import {
  type Contracts,
  decodeContracts,
  decodeLedger,
  joinContracts,
  joinLedgers,
  type Ledger,
  ledgerParts,
  QueueName,
} from "../wire/mod.ts"
import { type Finding, found, unknown } from "./Finding.ts"

/** Looks at an empty queue. */
const looks = 14

/** Whoever reads forgets nothing: what is too old goes with the next one who writes. */
const always = 0

/** Which apps were here, and what they handled and sent. */
export const readLedger = (steward: Steward): Effect.Effect<Finding<Ledger>> =>
  parts(
    steward,
    QueueName.ledger,
    (all) => all.reduce((one: Ledger, part) => joinLedgers(one, decodeLedger(part), always), []),
  )

/** Contracts as JSON Schema, whoever spoke them. */
export const readContracts = (steward: Steward): Effect.Effect<Finding<Contracts>> =>
  parts(
    steward,
    QueueName.contracts,
    (all) => all.reduce((one: Contracts, part) => joinContracts(one, decodeContracts(part), always), []),
  )

const parts = <A>(
  steward: Steward,
  queue: string,
  join: (parts: ReadonlyArray<Uint8Array>) => A,
): Effect.Effect<Finding<A>> =>
  Effect.gen(function* () {
    if ((yield* steward.look(queue)) === undefined) return found(join([]))
    for (let i = 0;; i++) {
      const all = (yield* steward.peek(queue, ledgerParts)).map(({ packet }) => packet.body)
      const { ready = 0, unacked = 0, consumers = 0 } = (yield* steward.look(queue)) ?? {}
      // whoever joins them consumes them meanwhile; another reader gives them back at once
      if (!consumers && (all.length > 0 || i > 1 && !ready && !unacked)) return found(join(all))
      if (i >= looks) {
        return all.length > 0 ? found(join(all)) : unknown<A>(`another process has had "${queue}" in hand all the time`)
      }
      yield* Effect.sleep(40)
    }
  }).pipe(Effect.catch((error) => Effect.succeed(unknown<A>(error.message))))
