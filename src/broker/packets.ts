/**
 * What an engine must know of the transport's packets: the payload of the broker inside the process.
 *
 * Above `Payload` and `deaths.ts`; below the in-process transport and its tests.
 */
import type { Packet } from "../transport/mod.ts"
import type { Value } from "./Arguments.ts"
import { deathsOf, withDeath } from "./deaths.ts"
import type { Payload } from "./Payload.ts"

const types = { string: "longstr", number: "double", boolean: "bool" } as const

/** See the top of the file. */
export const packets: Payload<Packet> = {
  expiration: (packet) => packet.expiration,
  size: (packet) => packet.body.length,
  priority: () => 0,
  headers: ({ headers }) =>
    new Map(
      Object.entries(headers).map(([name, value]): [string, Value] => [
        name,
        { type: types[typeof value as keyof typeof types], value },
      ]),
    ),
  deaths: deathsOf,
  withDeath: (packet, { queue, reason, exchange, key }) => withDeath(packet, queue, reason, exchange, key),
}
