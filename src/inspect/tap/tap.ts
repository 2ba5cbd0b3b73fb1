/**
 * The verb `tap`: live messages as they are sent, or how many there are, for as long as somebody listens.
 *
 * Asks every process to tell (`src/runtime/Taps.ts`), into a queue of its own that is bound to no exchange of messages: what
 * is watched goes its way as if nobody did. Whatever happens to whoever taps, the queue goes, and the processes stop telling.
 */
import { Cause, Effect, Queue, type Scope, Stream } from "effect"
import { isWild, type Packet, type Route } from "../../transport/mod.ts"
import {
  decodeTapHello,
  decodeTapNotice,
  encodeTapOrder,
  QueueName,
  routeTo,
  tapHello,
  tapHelloType,
  type TapNotice,
  type TapOrder,
  tapPacket,
  type TappedMessage,
  tappedType,
  tapQueue,
  tapType,
} from "../../wire/mod.ts"
import type { Scene } from "../Scene.ts"
import { type Following, InspectError } from "../Verb.ts"
import { type Judge, makeJudge } from "./judge.ts"
import { Listening } from "./Listening.ts"
import { readTapInput, type TapQuestion } from "./question.ts"
import type { TapMessageTold, TapOpenTold, TapTold } from "./told.ts"

/** The order comes again so often, and holds for so long, ms: a process that was not reached tells soon after. */
const renewal = { every: 2_000, lease: 7_000 } as const
/** Notices that may wait in the broker, messages for whoever listens, and bytes of those; what is more is left out, and counted. */
const room = { notices: 200, messages: 2_000, bytes: 33_554_432 } as const
/** How long processes may take to say that they tell, and after how long without another word no more do, ms. */
const patience = { all: 1_000, quiet: 200 } as const
/** Between two looks at what was left out, and two counts; and how long a message waits for those before it, ms. */
const pace = { missed: 500, counts: 1_000, order: 200 } as const

/** See the top of the file. */
export const tap: Following = {
  kind: "follow",
  name: "tap",
  looks: true,
  run: (scene, input) => {
    const question = readTapInput(input)
    return question instanceof InspectError
      ? Stream.fail(question)
      : Stream.callback<TapTold, InspectError>((queue) => watch(scene, question, queue), {
        bufferSize: room.messages,
        strategy: "dropping",
      })
  },
}

type Out = Queue.Queue<TapTold, InspectError | Cause.Done>

const watch = Effect.fnUntraced(function* (
  scene: Scene,
  { order: asked, limit, lasts }: TapQuestion,
  out: Out,
): Effect.fn.Return<void, InspectError, Scope.Scope> {
  const { core, steward } = scene
  const { instance, ids, now, monotonic } = core
  const order: TapOrder = { ...asked, asker: instance, key: ids.next(now()), lease: renewal.lease }
  const name = tapQueue(order)
  const judge = yield* makeJudge(scene)
  const listening = new Listening()
  const began = monotonic()
  const isCounting = order.mode === "counts"
  let heardAt = began
  let told = 0
  let overrun = 0
  /** What waits for what was sent before it and comes after it: processes tell in turn. */
  let waiting: Array<{ readonly heardAt: number; readonly message: TapMessageTold }> = []
  /** Bytes of bodies that wait here, and that whoever listens has not taken. */
  let bytes = 0
  let bytesOut = 0

  const publish = (route: Route, say: TapOrder) =>
    Effect.suspend(() => {
      const body = encodeTapOrder(say)
      if (body === undefined) return Effect.void
      const packet = tapPacket(tapType, ids.next(now()), core.settings.app, now(), body)
      return Effect.ignore(core.transport.publish(route, packet))
    })
  const everybody = routeTo.presenceOfCallers("ask")

  const counts = (): TapTold => {
    const elapsed = monotonic() - began
    return { kind: "counts", at: now(), elapsed: Math.round(elapsed), ...listening.counts(elapsed) }
  }

  const left = (): TapTold | undefined => {
    const count = listening.missed() + overrun
    overrun = 0
    return count === 0 ? undefined : { kind: "missed", count }
  }

  const hear = (notice: TapNotice): void => {
    heardAt = monotonic()
    const messages = listening.hear(notice)
    if (isCounting) return
    for (const message of messages) {
      if (waiting.length >= room.messages || bytes >= room.bytes) {
        overrun++
        continue
      }
      bytes += message.size
      waiting.push({ heardAt, message: toldOf(message, notice, judge) })
    }
  }

  /** Tells what was heard that long ago, and what was sent before it, in that order. */
  const tell = (age: number): void => {
    const before = monotonic() - age
    const last = waiting.reduce((at, one) => one.heardAt <= before ? Math.max(at, one.message.at) : at, -1)
    const due = waiting.filter(({ message }) => message.at <= last)
    if (due.length === 0) return
    waiting = waiting.filter(({ message }) => message.at > last)
    for (const { message } of due.toSorted((a, b) => a.message.at - b.message.at)) {
      bytes -= message.size
      if (told >= limit) return
      if (Queue.sizeUnsafe(out) === 0) bytesOut = 0
      bytesOut += message.size
      if (bytesOut > room.bytes || !Queue.offerUnsafe(out, message)) overrun++
      else if (++told >= limit) Queue.endUnsafe(out)
    }
  }

  const take = ({ type, body }: Packet): void => {
    if (type === tapHelloType) {
      const newcomer = decodeTapHello(body)
      if (newcomer !== undefined) core.runFork(publish(routeTo.queue(QueueName.control(newcomer)), order))
    }
    const notice = type === tappedType ? decodeTapNotice(body) : undefined
    if (notice?.key === order.key) hear(notice)
  }

  const onLost = (why: string) =>
    void Queue.failCauseUnsafe(
      out,
      Cause.fail(new InspectError({ problem: `The tap is closed: ${why}`, remedy: again })),
    )

  yield* steward.receive(name, { most: room.notices, take, onLost }).pipe(
    Effect.andThen(steward.bind({ exchange: tapHello.exchange, queue: name, key: tapHello.key })),
    Effect.mapError((error) => new InspectError({ problem: error.message })),
  )
  yield* Effect.addFinalizer(() =>
    Effect.ignore(Effect.timeoutOption(publish(everybody, { ...order, lease: 0 }), patience.all))
  )
  yield* publish(everybody, order)
  yield* answered(scene, listening, () => monotonic() - heardAt)
  Queue.offerUnsafe(out, opened(scene, order, listening, judge))
  yield* Effect.forkScoped(
    Effect.forever(Effect.andThen(Effect.sync(() => tell(pace.order)), Effect.sleep(pace.order / 2))),
  )

  const renew = Effect.gen(function* () {
    const before = monotonic()
    yield* Effect.sleep(renewal.every)
    yield* publish(everybody, order)
    const lost = monotonic() - before - renewal.lease
    if (lost > 0) Queue.offerUnsafe(out, { kind: "paused", for: Math.round(lost) })
  })
  yield* Effect.forkScoped(Effect.forever(renew))
  const until = monotonic() + lasts
  const pause = isCounting ? pace.counts : pace.missed
  for (;;) {
    yield* Effect.sleep(Math.max(1, Math.min(pause, until - monotonic())))
    const isOver = monotonic() >= until
    // what is told last is on its way
    if (isOver) {
      yield* Effect.sleep(patience.quiet)
      tell(0)
    }
    const now = isCounting ? counts() : left()
    if (now !== undefined && !Queue.offerUnsafe(out, now) && now.kind === "missed") overrun += now.count
    if (isOver || now?.kind === "counts" && now.total >= limit) return yield* Effect.asVoid(Queue.end(out))
  }
})

const again = "Start it again once the broker is back"

/** Waits until all who should have said that they tell, or nobody does any more. */
const answered = (
  { core }: Scene,
  listening: Listening,
  quiet: () => number,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (quiet() < patience.quiet || missing(core, listening).length > 0) yield* Effect.sleep(20)
  }).pipe(Effect.timeoutOption(patience.all), Effect.asVoid)

const missing = (core: Scene["core"], listening: Listening) => {
  const told = listening.instances
  return core.presence.list().filter(({ life, instance }) => life !== "gone" && !told.has(instance))
}

const opened = (
  { core, reaches }: Scene,
  { pattern }: TapOrder,
  listening: Listening,
  judge: Judge,
): TapOpenTold => ({
  kind: "open",
  at: core.now(),
  pattern,
  // a process that was begun in order to tap sends nothing
  processes: listening.instances.size - (reaches !== "exposed" && listening.instances.has(core.instance) ? 1 : 0),
  silent: missing(core, listening).map(({ instance, host, pid, apps }) => ({
    instance,
    host,
    pid,
    apps: apps.map(({ app }) => app),
  })),
  near: isWild(pattern) ? [] : judge.near(pattern),
})

const toldOf = (
  { at, id, type, app, kind, cause, heard, foreign, size, body, raw }: TappedMessage,
  { instance, host, pid }: TapNotice,
  judge: Judge,
): TapMessageTold => ({
  kind: "message",
  at,
  id,
  type,
  app,
  what: kind,
  ...(cause !== undefined && { cause }),
  heard: heard ?? null,
  foreign: foreign === true,
  instance,
  host,
  pid,
  size,
  ...judge.of({ type, size, ...(body !== undefined && { body }), ...(raw !== undefined && { raw }) }),
})
