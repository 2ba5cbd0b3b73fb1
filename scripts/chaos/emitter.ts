/**
 * One emitter process of a chaos run: emits the events of its keys and makes calls, at the pace it is given, until it is
 * asked to stop.
 *
 * A line is written only after the confirm, or when a call has its outcome. What was not confirmed is emitted again with
 * the same id, as `EmitOptions.id` is meant; a call is made once, whatever becomes of it.
 */
import { setTimeout as delay } from "node:timers/promises"
import { Cause, Exit } from "effect"
import type { Launched } from "../../src/launch/mod.ts"
import { main, record, run, settings } from "./child.ts"
import { callersEach, callOf } from "./calls.ts"
import { Chaos, keysEach, patience, timeout } from "./company.ts"
import { follow, journal } from "./outcomes.ts"

const { emitters, index } = settings
const keys = emitters * keysEach
const callers = emitters * callersEach

const slices = 10

/** Resolves when the patience is over, too: in slices, so that a standstill of this process takes one of them. */
const hung = async (timeout: number, signal: AbortSignal): Promise<"hung"> => {
  await delay(timeout, undefined, { signal })
  for (let i = 0; i < slices; i++) await delay(patience / slices, undefined, { signal })
  return "hung"
}

/** The tag of what went wrong, `gave-up` where it was interrupted, `hung` where nothing came at all, `undefined` where it succeeded. */
const outcomeOf = async <A, E>(running: Promise<Exit.Exit<A, E>>, timeout: number): Promise<string | undefined> => {
  const giveUp = new AbortController()
  const late = hung(timeout, giveUp.signal)
  late.catch(() => {})
  const exit = await Promise.race([running, late])
  giveUp.abort()
  if (exit === "hung") return exit
  if (Exit.isSuccess(exit)) return undefined
  if (Cause.hasInterruptsOnly(exit.cause)) return "gave-up"
  const error = Cause.squash(exit.cause)
  return (error as { readonly _tag?: string })._tag ?? (error instanceof Error ? error.name : "unknown")
}

/** Does something every so many ms; what is late is made up for, up to a second. */
const paced = async (every: number, isOver: () => boolean, once: () => Promise<void>): Promise<void> => {
  let due = Date.now() + Math.random() * every
  while (!isOver()) {
    const wait = due - Date.now()
    if (wait > 0) await delay(wait)
    await once()
    due = Math.max(due + every, Date.now() - 1_000)
  }
}

const emitAll = (bus: Launched["bus"], key: number, isOver: () => boolean): Promise<void> => {
  let n = key
  return paced(keys / settings.rate * 1_000, isOver, async () => {
    for (;;) {
      const failed = await outcomeOf(
        run(bus.emit(Chaos.happened({ n, key }), { id: `chaos-${n}`, timeout })),
        timeout,
      )
      if (failed === undefined) break
      record("unconfirmed", n, Date.now(), failed)
      await delay(50)
    }
    record("confirmed", n, Date.now())
    n += keys
  })
}

const callAll = (bus: Launched["bus"], caller: number, isOver: () => boolean): Promise<void> => {
  let n = caller
  return paced(callers / settings.callRate * 1_000, isOver, async () => {
    const { kind, timeout, givesUp } = callOf(n)
    const from = Date.now()
    record("calling", n, from)
    const signal = givesUp === undefined ? undefined : AbortSignal.timeout(givesUp)
    const { following, made } = follow(
      n,
      () => run(bus.call(Chaos[kind]({ n, until: from + timeout }), { timeout }), signal),
    )
    const failed = await outcomeOf(made, timeout)
    following.isOver = true
    record("called", n, from, Date.now(), failed ?? "answered", following.lane, following.outcomes)
    n += callers
  })
}

await main([], async ({ bus }, asked) => {
  let over = false
  const isOver = () => over
  void asked.then(() => over = true)
  const own = (count: number) => Array.from({ length: count }, (_, i) => index * count + i)
  await Promise.all([
    ...own(keysEach).map((key) => emitAll(bus, key, isOver)),
    ...(settings.callRate === 0 ? [] : own(callersEach).map((caller) => callAll(bus, caller, isOver))),
  ])
}, journal)
