/**
 * The beacon of a process that is put together: what it says to other programs of its user on this machine.
 *
 * Part of `launch`, above the adapter that keeps the files. What the process has emitted is added as it is found
 * out; nothing that is told here goes to the broker or to another machine.
 */
import { Effect, Option, Redacted, Stream } from "effect"
import type { CoreShape } from "../runtime/mod.ts"
import { brokerAt, type Transport } from "../transport/mod.ts"

/** What the beacon tells of. */
export interface Shining {
  readonly core: CoreShape
  readonly transport: Transport["Service"]
  /** Names of the apps that are hosted. */
  readonly names: ReadonlyArray<string>
  readonly broker: Redacted.Redacted<string> | string | undefined
}

/** Events that are named at most. */
const most = 200

/** Lights it until the scope closes. */
export const shine = Effect.fnUntraced(function* (
  { core, transport, names, broker }: Shining,
) {
  const { lightBeacon } = yield* Effect.promise(() => import("../../adapters/beacons/mod.ts"))
  const { instance, machine, settings } = core
  const status = Option.getOrUndefined(yield* Stream.runHead(transport.status))
  const { server, cluster } = status?._tag === "Ready" ? status : { server: undefined, cluster: undefined }
  const lit = yield* lightBeacon({
    instance,
    apps: names.length > 0 ? names : [settings.app],
    emits: [],
    ...machine,
    version: settings.version,
    startedAt: core.now(),
    broker: {
      ...brokerAt(Redacted.isRedacted(broker) ? Redacted.value(broker) : broker),
      ...(server !== undefined && { server }),
      ...(cluster !== undefined && { cluster }),
    },
  })
  let told = 0
  const emitted = Effect.gen(function* () {
    const [own] = yield* core.enquiries.enquire([core.instance], { kind: "stats" })
    const emits = own?.answer.sent.filter(({ kind }) => kind === "event").map(({ type }) => type) ?? []
    if (emits.length === told) return
    told = emits.length
    yield* lit.update({ emits: emits.slice(0, most) })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(settings.heartbeat), emitted)))
  return lit
})
