/**
 * The faster of the two ways to make boxes that works here: WebAssembly, else JavaScript.
 *
 * Asked by `openSocket.ts` for sockets with CURVE only, as loading takes some 10 ms; there is one instance for all sockets of a
 * process. What was loaded has to make one box as JavaScript does before it makes any other.
 */
import { Effect } from "effect"
import { isEqual } from "../bytes.ts"
import { boxOverhead, keyLength, nonceLength, plainBoxes, seal } from "./box.ts"
import { boxAt, type Boxes, textAt } from "./Boxes.ts"
import { startSodium } from "./sodium.ts"

/** The boxes that sockets make. */
export const loadBoxes: Effect.Effect<Boxes> = Effect.promise(() => chosen ??= chooseBoxes(startSodium))

let chosen: Promise<Boxes> | undefined

/** Those that `start` gives if they are as they should be, else those in JavaScript. */
export const chooseBoxes = async (start: (others: Boxes) => Promise<Boxes>): Promise<Boxes> => {
  try {
    const boxes = await start(plainBoxes)
    return isAsPlain(boxes) ? boxes : plainBoxes
  } catch {
    return plainBoxes
  }
}

/** Whether they make a box as JavaScript does, open it, and refuse it once it is changed. */
const isAsPlain = ({ close, open }: Boxes): boolean => {
  const [key, nonce] = [new Uint8Array(keyLength).fill(1), new Uint8Array(nonceLength).fill(2)]
  const text = Uint8Array.from({ length: 200 }, (_, i) => i)
  const room = new Uint8Array(textAt + text.length)
  room.set(text, textAt)
  close(key, nonce, room)
  const box = room.slice(boxAt)
  const opened = open(key, nonce, box)
  if (!isEqual(box, seal(key, nonce, text)) || opened === undefined || !isEqual(opened, text)) return false
  box[boxOverhead]! ^= 1
  return open(key, nonce, box) === undefined
}
