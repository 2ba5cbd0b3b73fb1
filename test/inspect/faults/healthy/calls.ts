/**
 * Calls that are answered, by every lane and by several servers, also with an error that they declare.
 */
import type { Settings } from "../../../../src/runtime/mod.ts"
import { Parts } from "../company.ts"
import type { SetUp } from "../SetUp.ts"

const ask = { subject: "parts.lookup" }
const whole = { verdict: "whole" } as const

const byLane = (lane: Settings["lane"]): SetUp => ({
  name: `calls by lane ${lane}`,
  ask: { ...ask, from: "web" },
  prepare: async (at) => {
    await at.run("parts.ts")
    const web = await at.join("web", { lane })
    for (let i = 0; i < 5; i++) await web.call(Parts.lookup({ sku: "P-1" }))
  },
  expected: whole,
})

export const calls: ReadonlyArray<SetUp> = [
  { ...byLane("broker"), isEverywhere: true, isCommand: true },
  byLane("reply"),
  byLane("direct"),
  {
    name: "a call with several servers",
    ask,
    prepare: async (at) => {
      await Promise.all([1, 2, 3].map(() => at.run("parts.ts")))
      const web = await at.join("web")
      for (let i = 0; i < 9; i++) await web.call(Parts.lookup({ sku: "P-1" }))
    },
    expected: whole,
  },
  {
    name: "a call of which one of two servers was killed",
    ask,
    prepare: async (at) => {
      const [first] = await Promise.all([1, 2].map(() => at.run("parts.ts")))
      const web = await at.join("web", { lane: "broker" })
      await web.call(Parts.lookup({ sku: "P-1" }))
      first!.signal("SIGKILL")
      await first!.ended
      await at.counts("warren.calls.parts.lookup", ({ consumers }) => consumers === 1)
      for (let i = 0; i < 3; i++) await web.call(Parts.lookup({ sku: "P-1" }))
    },
    expected: whole,
  },
  {
    name: "a call of which one of two servers died at it",
    ask,
    prepare: async (at) => {
      const [first] = await Promise.all([at.run("parts.ts"), at.run("parts.ts")])
      const web = await at.join("web", { lane: "broker" })
      const hung = [1, 2].map(() => web.call(Parts.lookup({ sku: "P-1", note: "sleep 2000" })).catch(() => {}))
      await at.pause(500)
      first!.signal("SIGKILL")
      await Promise.all(hung)
      await at.counts("warren.calls.parts.lookup", ({ consumers }) => consumers === 1)
    },
    expected: whole,
  },
  {
    name: "calls whose server says an address that nobody reaches",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts", { env: { WARREN_ADVERTISE: "10.255.255.1" } })
      const web = await at.join("web")
      for (let i = 0; i < 3; i++) await web.call(Parts.lookup({ sku: "P-1" }))
    },
    expected: whole,
  },
  {
    name: "calls of which the first came too late, and others were answered since",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web", { lane: "broker" })
      await web.call(Parts.lookup({ sku: "P-1", note: "sleep 900" }), { timeout: "200 millis" }).catch(() => {})
      await at.pause(1_000)
      for (let i = 0; i < 3; i++) await web.call(Parts.lookup({ sku: "P-1" }))
    },
    expected: whole,
  },
  {
    name: "calls that their caller gave up itself",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web")
      await web.call(Parts.lookup({ sku: "P-1" }))
      const signal = AbortSignal.timeout(300)
      await web.call(Parts.lookup({ sku: "P-1", note: "sleep 1500" }), { signal }).catch(() => {})
      await at.pause(500)
    },
    expected: whole,
  },
  {
    name: "a call that fails with what it declares",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web")
      for (let i = 0; i < 3; i++) await web.call(Parts.lookup({ sku: "P-999" })).catch(() => {})
    },
    expected: whole,
  },
  {
    name: "a call whose handler failed once, and not since",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web")
      await web.call(Parts.lookup({ sku: "P-1", note: "throw" })).catch(() => {})
      for (let i = 0; i < 5; i++) await web.call(Parts.lookup({ sku: "P-1" }))
    },
    expected: whole,
  },
  {
    name: "a call that nobody has made yet",
    ask,
    prepare: async (at) => void await at.run("parts.ts"),
    expected: whole,
  },
  {
    name: "a call whose server was restarted",
    ask: { ...ask, to: "parts" },
    prepare: async (at) => {
      const first = await at.run("parts.ts")
      const web = await at.join("web")
      await web.call(Parts.lookup({ sku: "P-1" }))
      first.signal("SIGTERM")
      await first.ended
      await web.call(Parts.lookup({ sku: "P-1" })).catch(() => {})
      await at.run("parts.ts")
      await web.call(Parts.lookup({ sku: "P-1" }))
    },
    expected: whole,
  },
]
