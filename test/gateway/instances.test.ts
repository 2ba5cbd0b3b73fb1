/**
 * The topology of a process on a shared broker names the processes it knows; an in-process one has none to name.
 */
import { test } from "#test"
import assert from "node:assert/strict"
import { Effect } from "effect"
import { hosted } from "../../src/gateway/mod.ts"
import { launch } from "../../src/launch/mod.ts"
import type { Instance } from "../../src/runtime/mod.ts"

const other: Instance = {
  instance: "i1",
  apps: [{ app: "sales", handlers: [] }],
  emits: [],
  calls: ["parts.lookup"],
  host: "h",
  pid: 7,
  runtime: "bun 1",
  version: "2.0",
  startedAt: 1,
  state: "running",
  every: 5_000,
  inHand: 1,
  handled: 2,
  failed: 3,
  lastError: "the card number 4111 is refused",
  life: "missing",
  lastHeard: 4,
  goneAt: undefined,
  isSelf: false,
}

test("topology() lists the processes known, with figures and without anyone's errors", () =>
  Effect.runPromise(Effect.scoped(Effect.gen(function* () {
    const launched = yield* launch()
    assert.equal("instances" in hosted(launched).topology(), false)
    const { instances } = hosted({ ...launched, core: { presence: { list: () => [other] } } }).topology()
    assert.deepEqual(instances, [{
      instance: "i1",
      apps: ["sales"],
      host: "h",
      pid: 7,
      runtime: "bun 1",
      version: "2.0",
      life: "missing",
      startedAt: 1,
      lastHeard: 4,
      inHand: 1,
      handled: 2,
      failed: 3,
    }])
  }))))
