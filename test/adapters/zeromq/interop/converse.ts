/**
 * A conversation between one of our sockets and one of libzmq's: each says what it may, and the other hears just that.
 *
 * Knows what each kind of socket puts in front of a message and takes off. Ours is called "us", theirs "them".
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import type { Message, SocketType } from "../../../../adapters/zeromq/zmtp/mod.ts"
import { bytes, type Peer, same, within } from "../sockets/rig.ts"
import type { Frame, OtherSocket } from "./Other.ts"

/** Kinds that only send, or only receive. */
const speaks = (type: SocketType): boolean => type !== "PULL" && type !== "SUB"

/** What is in front of a message where a socket of a kind sends to another or hears from it. */
const front = (type: SocketType, other: SocketType, name: string): ReadonlyArray<string> => {
  const delimiter = (type === "ROUTER" || type === "DEALER") && (other === "REQ" || other === "REP") ? [""] : []
  return [...(type === "ROUTER" ? [name] : []), ...delimiter]
}

const block = Uint8Array.from({ length: 65_536 }, (_, i) => (i * 31 + (i >> 8)) & 0xff)

/** So many bytes of the pattern that both sides know. */
export const pattern = (length: number): Uint8Array => {
  const all = new Uint8Array(length)
  for (let at = 0; at < length; at += block.length) all.set(block.subarray(0, length - at), at)
  return all
}

const read = (frame: Frame): Uint8Array => typeof frame === "string" ? bytes(frame) : pattern(frame)

const write = (frame: Uint8Array): Frame => {
  if (frame.length <= 64) return new TextDecoder().decode(frame)
  return same(frame, pattern(frame.length)) ? frame.length : `${frame.length} bytes that are others`
}

/** Waits for a promise of the other side. */
export const ask = <A>(answer: () => Promise<A>): Effect.Effect<A> => within("the other side", Effect.promise(answer))

/** The next message that is no "mark". */
const hear = (peer: Peer): Effect.Effect<ReadonlyArray<Frame>, unknown> =>
  Effect.flatMap(peer.hearRaw, (message: Message) => {
    const frames = message.map(write)
    return frames[0] === "mark" ? hear(peer) : Effect.succeed(frames)
  })

/** Publisher and subscriber find each other. */
export const agree = (ours: Peer, type: SocketType, theirs: OtherSocket): Effect.Effect<void, unknown> => {
  const again = <E>(effect: Effect.Effect<unknown, E>) => Effect.forever(Effect.andThen(effect, Effect.sleep(3)))
  if (type === "PUB") return Effect.raceFirst(ask(() => theirs.mark()), again(ours.say("mark")))
  return within(
    "its subscription",
    Effect.raceFirst(Effect.asVoid(ours.hear), again(ask(() => theirs.send("mark")))),
  )
}

/** Says messages from here to there, and from there to here, as far as the kinds allow it. */
export const converse = Effect.fnUntraced(function* (
  [type, other]: readonly [SocketType, SocketType],
  ours: Peer,
  theirs: OtherSocket,
  messages: ReadonlyArray<ReadonlyArray<Frame>>,
) {
  const fromUs = Effect.fnUntraced(function* (frames: ReadonlyArray<Frame>) {
    yield* ours.say(...[...front(type, other, "them"), ...frames].map(read))
    assert.deepEqual(yield* ask(() => theirs.receive()), [...front(other, type, "us"), ...frames])
  })
  const fromThem = Effect.fnUntraced(function* (frames: ReadonlyArray<Frame>) {
    yield* ask(() => theirs.send(...front(other, type, "us"), ...frames))
    assert.deepEqual(yield* hear(ours), [...front(type, other, "them"), ...frames])
  })
  // whoever cannot know the other yet hears first
  const theyBegin = other === "REQ" || type === "REP" || (type === "ROUTER" && other !== "ROUTER")
  for (const frames of messages) {
    for (const turn of theyBegin ? [fromThem, fromUs] : [fromUs, fromThem]) {
      if (speaks(turn === fromUs ? type : other)) yield* turn(frames)
    }
  }
})
