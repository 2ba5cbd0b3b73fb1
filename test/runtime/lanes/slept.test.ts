/**
 * Straight calls of a caller whose machine slept: its clock that nobody sets is behind for good, and its calls are as young as before.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { LaneServer } from "../../../src/runtime/lanes/LaneServer.ts"
import { Ways } from "../../../src/runtime/lanes/Ways.ts"
import { Lateness } from "../../../src/runtime/Lateness.ts"
import type { LinkPeer } from "../../../src/transport/mod.ts"
import { callPacket, Header } from "../../../src/wire/mod.ts"

const begin = 1_800_000_000_000

describe("LaneServer", () => {
  test("leaves calls their time when their caller's machine has slept, and takes it off those that are late", () => {
    let at = 0
    const core = {
      cancellations: { isCancelled: () => false, running: () => () => {}, cancel: () => () => {} },
      deadlines: { add: () => () => {} },
      instance: "server",
      journal: { record: () => {} },
      lateness: new Lateness(() => at, () => begin + at),
      now: () => begin + at,
    }
    const links = { endpoint: "", listen: () => {}, open: () => undefined }
    const server = new LaneServer(core, new Ways(core, links, () => []))
    const peer: LinkPeer = { name: "caller", send: () => true }
    const left: Array<unknown> = []
    server.serve("parts.lookup", ({ packet }) => left.push(packet.headers[Header.timeout]) > 0)

    let slept = 0
    const call = (took: number): void => {
      const now = begin + at
      const origin = { id: `${at}`, type: "parts.lookup", app: "", now, version: "", schema: "", cause: undefined }
      const trace = { traceId: "0".repeat(31) + "1", spanId: "0".repeat(15) + "1", sampled: true }
      const packet = callPacket({ ...origin, trace }, new Uint8Array(0), "replies", now + 1_000)
      const sentAt = 5_000 + at - slept
      at += took
      server.onCall(peer, { _tag: "Call", token: `${at}`, sentAt, packet })
    }
    call(1)
    at += 3_600_000
    slept += 3_600_000
    call(1)
    at += 60_000
    call(1)
    call(3_001)
    assert.deepEqual(left, [1_000, 1_000, 1_000, 0])
  })
})
