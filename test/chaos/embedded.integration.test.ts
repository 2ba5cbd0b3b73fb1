/**
 * The short form of `npm run chaos -- --on embedded`: the process that hosts the embedded broker is killed, alone and with all
 * that could take over; its connections are closed, it is stopped, and its publishers are blocked.
 *
 * Needs no RabbitMQ. On Bun only, for the reasons of `short.integration.test.ts`.
 */
import assert from "node:assert/strict"
import { test } from "#test"
import { runtime } from "../../adapters/runtime/mod.ts"
import { shortEmbedded } from "../../scripts/chaos/options.ts"
import { makePlan } from "../../scripts/chaos/plan.ts"
import { describeReport } from "../../scripts/chaos/report.ts"
import { runChaos } from "../../scripts/chaos/run.ts"

const skip = runtime.name === "bun" ? undefined : "it takes half a minute, and is the same run as on Bun"

test(
  "confirmed events outlive whoever hosts the embedded broker: none lost, none hung, no effect twice in its transaction",
  { skip, timeout: 150_000 },
  async () => {
    const plan = makePlan(shortEmbedded).map(({ fault }) => fault)
    const kills = plan.flatMap((fault) => fault.kind === "kill-broker" ? [fault.everybody] : [])
    assert.deepEqual(kills.toSorted(), [false, false, true], "somebody takes over, and nobody can")
    const told: Array<string> = []
    const report = await runChaos(shortEmbedded, (line) => told.push(line))
    const all = [...told, ...describeReport(shortEmbedded, report)].join("\n")
    assert.equal(report.lost, 0, all)
    assert.equal(report.hung, 0, all)
    assert.equal(report.effectsTwice, 0, all)
    assert.equal(report.calls.ranTwice.count, 0, all)
    assert.equal(report.calls.oddOutcomes, 0, all)
    assert.equal(report.faults.length, plan.length, all)
    assert.ok(report.confirmed >= shortEmbedded.events, all)
    // of some hundred calls two are more than 1 %, and on a busy machine two take longer than they may
    const missed = report.aims.filter(({ met, name }) => !met && !name.startsWith("answered outside of fault windows"))
    assert.deepEqual(missed, [], all)
  },
)
