/**
 * Calls through the broker that are held up where nothing drops them: in the sockets of a process, or of a broker, that stood
 * still. They are not run after their deadline, and others are, whatever the clocks of their callers say.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Schema } from "effect"
import { api, call, handle } from "../../src/mod.ts"
import type { Packet } from "../../src/transport/mod.ts"
import { Header } from "../../src/wire/mod.ts"
import { Why } from "../../src/runtime/mod.ts"
import { onTheWay } from "./onTheWay.ts"

const Desk = api("desk", {
  ask: call({ n: Schema.Int }, { returns: Schema.Int, idempotent: true }),
  charge: call({ n: Schema.Int }, { returns: Schema.Int }),
})

/** What a caller's clock of the day is off by, ms: its calls look so. */
const shifted = (packet: Packet, by: number): Packet => ({
  ...packet,
  timestamp: (packet.timestamp ?? 0) + by,
  headers: { ...packet.headers, [Header.deadline]: Number(packet.headers[Header.deadline]) + by },
})

/** Makes two calls with a deadline of 1 s, of which the second one is held up so long; what was run, and what was skipped. */
const ask = (heldUp: number, off = 0) => {
  const ran: Array<number> = []
  const held: Array<() => void> = []
  let isHeld = false
  const run = ({ n }: { readonly n: number }) => {
    ran.push(n)
    return n
  }
  return onTheWay(
    { ask: handle(Desk.ask, run), charge: handle(Desk.charge, run) },
    (delivery, deliver) => {
      const arrive = () => deliver({ ...delivery, packet: shifted(delivery.packet, off) })
      if (isHeld) held.push(arrive)
      else arrive()
    },
    ({ bus, moveTo, skipped }) =>
      Effect.gen(function* () {
        const calling = (n: number, what: "ask" | "charge") =>
          Effect.forkChild(Effect.result(bus.call(Desk[what]({ n }), { timeout: 1_000 })), { startImmediately: true })
        yield* calling(1, "ask")
        yield* moveTo(0)
        isHeld = true
        yield* calling(2, "ask")
        yield* calling(3, "charge")
        yield* moveTo(heldUp)
        for (const arrive of held) arrive()
        yield* moveTo(heldUp)
        return { ran, skipped: skipped() }
      }),
  )
}

const late = Why.lateOnArrival

describe("calls that were held up after they had left the broker's queue", () => {
  test("are not run when their deadline has passed, be it a moment ago or long ago", async () => {
    for (const heldUp of [1_001, 1_900, 2_100, 5_000, 60_000]) {
      assert.deepEqual(await ask(heldUp), { ran: [1], skipped: [late, late] }, `${heldUp} ms`)
    }
  })

  test("are not run either when their caller's clock is hours off", async () => {
    for (const off of [-3_600_000, 3_600_000]) {
      assert.deepEqual(await ask(2_100, off), { ran: [1], skipped: [late, late] }, `${off} ms`)
    }
  })

  test("are run as long as there is time, also when their caller's clock is hours off", async () => {
    for (const off of [-3_600_000, 0, 3_600_000]) {
      assert.deepEqual(await ask(700, off), { ran: [1, 2, 3], skipped: [] }, `${off} ms`)
    }
  })
})
