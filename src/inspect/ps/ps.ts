/**
 * The verbs `ps` and `ps.watch`: who is there and what everybody is doing, once or again and again.
 *
 * Asks every process that was heard; one that is missing is asked too, since it may only be late. With two readings the
 * rates are those between them, else those that the processes tell of their last ten seconds. Reads no message.
 */
import { Effect, Schema, Stream } from "effect"
import type { Told } from "../../runtime/mod.ts"
import type { HandlerStats, Ledger } from "../../wire/mod.ts"
import type { Finding } from "../Finding.ts"
import { readLedger } from "../ledger.ts"
import { readInput } from "../readInput.ts"
import type { Scene } from "../Scene.ts"
import type { Asking, Following } from "../Verb.ts"
import { elsewhereOf } from "./elsewhere.ts"
import { rateBetween, type Reading } from "./figures.ts"
import { onceOf } from "./once.ts"
import { processesOf } from "./processes.ts"
import type { PsReport } from "./PsReport.ts"

type Readings = Map<string, Reading>

/** One reading. `before`: what the one before had; `ledger`: which apps were once here. */
const read = Effect.fnUntraced(function* (scene: Scene, before: Readings, ledger: Finding<Ledger>) {
  const { core, place } = scene
  const instances = core.presence.list()
  const others = instances.filter(({ life, isSelf }) => life !== "gone" && !isSelf)
  const asked = [core.instance, ...others.map(({ instance }) => instance)]
  const told = yield* core.enquiries.enquire(asked, { kind: "stats" })
  const beacons = scene.beacons === undefined ? undefined : yield* scene.beacons
  const readings: Readings = new Map()
  const current = told.map((one) => withRates(one, before, readings))
  const at = core.now()
  const heard = new Set(instances.filter(({ life }) => life !== "gone").map(({ instance }) => instance))
  heard.add(core.instance)
  const report: PsReport = {
    at,
    place,
    host: core.machine.host,
    processes: processesOf({
      at,
      instances,
      told: current,
      self: { instance: core.instance, machine: core.machine, version: core.settings.version },
    }),
    elsewhere: beacons === undefined ? null : elsewhereOf(beacons, place, (instance) => heard.has(instance)),
    once: ledger.known ? onceOf(ledger.value, instances) : null,
  }
  return { report, readings }
})

/** What a process told, with the rates since the reading before where there was one. */
const withRates = (one: Told<"stats">, before: Readings, readings: Readings): Told<"stats"> => {
  const rated = <A extends { readonly recent: HandlerStats["recent"] }>(of: A, name: string, count: number): A => {
    const key = `${one.instance} ${name}`
    const reading = { count, at: one.answer.now }
    readings.set(key, reading)
    const perSecond = rateBetween(before.get(key), reading)
    return perSecond === undefined ? of : { ...of, recent: { ...of.recent, perSecond } }
  }
  const handlers = one.answer.handlers.map((of) => rated(of, `${of.app}.${of.name}`, of.handled + of.failed))
  const sent = one.answer.sent.map((of) => rated(of, `${of.kind} ${of.type}`, of.done + of.unheard + of.failed))
  return { ...one, answer: { ...one.answer, handlers, sent } }
}

/** One report. */
export const ps: Asking = {
  kind: "ask",
  name: "ps",
  looks: true,
  run: (scene) =>
    Effect.flatMap(
      readLedger(scene.steward),
      (ledger) => Effect.map(read(scene, new Map(), ledger), ({ report }) => report),
    ),
}

const Input = Schema.Struct({
  /** ms between two reports. */
  every: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 200, maximum: 3_600_000 }))),
})

/** A report again and again. */
export const psWatch: Following = {
  kind: "follow",
  name: "ps.watch",
  looks: true,
  run: (scene, input) =>
    Stream.unwrap(Effect.gen(function* () {
      const { every = 2_000 } = yield* readInput("ps.watch", Input, input)
      // once is enough: whoever looks takes it from the others for a moment
      const ledger = yield* readLedger(scene.steward)
      let before: Readings = new Map()
      return Stream.mapEffect(Stream.tick(every), () =>
        Effect.map(read(scene, before, ledger), ({ report, readings }) => {
          before = readings
          return report
        }))
    })),
}
