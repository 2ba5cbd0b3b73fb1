/**
 * Boxes by WebAssembly against those in JavaScript: the same bytes, the same refusals, nothing left behind, and what is made
 * of an instance that does not start or is not as it should be.
 */
import { describe, test } from "#test"
import { Effect } from "effect"
import fc from "fast-check"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { open, plainBoxes, randomBytes, seal, type SharedKey } from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { boxAt, type Boxes, textAt } from "../../../../../adapters/zeromq/zmtp/curve/Boxes.ts"
import { chooseBoxes, loadBoxes } from "../../../../../adapters/zeromq/zmtp/curve/loadBoxes.ts"
import { NonceCounter, NonceGuard } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { longest, startSodium } from "../../../../../adapters/zeromq/zmtp/curve/sodium.ts"
import { curveTraffic } from "../../../../../adapters/zeromq/zmtp/curve/traffic.ts"
import { bytes, valueOf } from "../support.ts"

/** Compares without printing a megabyte. */
const same = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one !== undefined && one.length === other.length && one.every((byte, i) => byte === other[i])

const sealed = ({ close }: Boxes, key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array => {
  const room = new Uint8Array(textAt + text.length)
  room.set(text, textAt)
  close(key, nonce, room)
  return room.subarray(boxAt)
}

/** An instance, its memory, and whether that has grown. */
const watched = async () => {
  const memories: Array<WebAssembly.Memory> = []
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = (async (code: BufferSource, imports: WebAssembly.Imports) => {
    const started = await instantiate(code, imports) as unknown as WebAssembly.WebAssemblyInstantiatedSource
    memories.push(...Object.values(started.instance.exports).filter((one) => one instanceof WebAssembly.Memory))
    return started
  }) as unknown as typeof instantiate
  const boxes = await startSodium(plainBoxes).finally(() => void (WebAssembly.instantiate = instantiate))
  const memory = valueOf(memories[0])
  const { buffer } = memory
  return { boxes, buffer, hasGrown: () => memory.buffer !== buffer }
}

/** Without WebAssembly, as under `node --jitless`. */
const withoutWebAssembly = async <A>(run: () => Promise<A>): Promise<A> => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebAssembly")!
  Object.defineProperty(globalThis, "WebAssembly", { value: undefined, configurable: true, writable: true })
  return await run().finally(() => Object.defineProperty(globalThis, "WebAssembly", own))
}

describe("startSodium()", () => {
  test("gives boxes of the same bytes, and each way opens the other's, for every length up to 4096", async () => {
    const sodium = await startSodium(plainBoxes)
    const [key, nonce, all] = [randomBytes(32), randomBytes(24), randomBytes(4096)]
    for (let length = 0; length <= all.length; length++) {
      const text = all.subarray(0, length)
      const box = seal(key, nonce, text)
      assert.ok(same(sealed(sodium, key, nonce, text), box), `${length} bytes`)
      assert.ok(same(sodium.open(key, nonce, box), text), `${length} bytes`)
    }
    const box = sealed(sodium, key, nonce, all)
    assert.ok(same(sealed(plainBoxes, key, nonce, all), box))
    assert.ok(same(plainBoxes.open(key, nonce, box), all) && same(open(key, nonce, box), all))
  })

  test("the same for long texts, also for those that have no room in its memory", async () => {
    const { boxes, buffer, hasGrown } = await watched()
    const [key, nonce] = [randomBytes(32), randomBytes(24)]
    for (const length of [65_535, 65_536, longest - 1, longest, longest + 1, 3 * longest]) {
      const text = new Uint8Array(length).fill(length % 251)
      const box = seal(key, nonce, text)
      assert.ok(same(sealed(boxes, key, nonce, text), box), `${length} bytes`)
      assert.ok(same(boxes.open(key, nonce, box), text), `${length} bytes`)
    }
    assert.deepEqual([hasGrown(), buffer.byteLength], [false, 4 * 1024 * 1024])
  })

  test("the same for any key, nonce and text, which it leaves as they were", async () => {
    const sodium = await startSodium(plainBoxes)
    const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(fc.property(exactly(32), exactly(24), fc.uint8Array({ maxLength: 300 }), (key, nonce, text) => {
      const before = [key.slice(), nonce.slice(), text.slice()]
      const box = sealed(sodium, key, nonce, text)
      assert.deepEqual(box, seal(key, nonce, text))
      const kept = box.slice()
      assert.deepEqual(sodium.open(key, nonce, box), text)
      assert.deepEqual([key, nonce, text, box], [...before, kept])
    }))
  })

  test("both ways refuse a box that was changed or cut, and open the next one", async () => {
    const sodium = await startSodium(plainBoxes)
    const [key, nonce, text] = [randomBytes(32), randomBytes(24), randomBytes(100)]
    const box = seal(key, nonce, text)
    for (const boxes of [plainBoxes, sodium]) {
      for (let at = 0; at < box.length; at++) {
        const changed = box.slice()
        changed[at]! ^= 1 << at % 8
        assert.equal(boxes.open(key, nonce, changed), undefined)
        assert.equal(boxes.open(key, nonce, box.subarray(0, at)), undefined)
      }
      assert.equal(boxes.open(randomBytes(32), nonce, box), undefined)
      assert.equal(boxes.open(key, randomBytes(24), box), undefined)
      assert.deepEqual(boxes.open(key, nonce, box), text)
    }
  })

  test("leaves no key, no text and no box in its memory", async () => {
    const { boxes, buffer } = await watched()
    const [key, nonce, text] = [randomBytes(32), randomBytes(24), randomBytes(2_000)]
    const box = sealed(boxes, key, nonce, text)
    const secrets = [key, text.subarray(0, 16), text.subarray(-16), box.subarray(-16)].map((one) => one.slice())
    const left = () => secrets.map((secret) => Buffer.from(buffer).indexOf(secret))
    assert.deepEqual(left(), [-1, -1, -1, -1])
    boxes.open(key, nonce, box)
    assert.deepEqual(left(), [-1, -1, -1, -1])
    box[0]! ^= 1
    boxes.open(key, nonce, box)
    assert.deepEqual(left(), [-1, -1, -1, -1])
  })

  test("fails where there is no WebAssembly", async () => {
    await assert.rejects(withoutWebAssembly(() => startSodium(plainBoxes)))
  })
})

describe("chooseBoxes()", () => {
  test("takes those that are as they should be", async () => {
    const own: Boxes = { ...plainBoxes }
    assert.equal(await chooseBoxes(() => Promise.resolve(own)), own)
  })

  test("takes those in JavaScript where there is no WebAssembly", async () => {
    assert.equal(await withoutWebAssembly(() => chooseBoxes(startSodium)), plainBoxes)
  })

  test("takes those in JavaScript instead of ones that close, open or refuse otherwise", async () => {
    const wrong: ReadonlyArray<Partial<Boxes>> = [
      { close: () => {} },
      { close: (key, _, room) => plainBoxes.close(key, new Uint8Array(24), room) },
      { open: () => undefined },
      { open: (_, __, box) => box.slice(16) },
      { open: () => Uint8Array.from({ length: 200 }, (_, i) => i) },
      {
        close: () => {
          throw new Error("misuse")
        },
      },
    ]
    for (const one of wrong) {
      assert.equal(await chooseBoxes(() => Promise.resolve({ ...plainBoxes, ...one })), plainBoxes)
    }
  })
})

describe("loadBoxes", () => {
  test("gives the same ones each time, which are WebAssembly's on the three runtimes", async () => {
    const [one, other] = await Promise.all([Effect.runPromise(loadBoxes), Effect.runPromise(loadBoxes)])
    assert.equal(one, other)
    assert.notEqual(one, plainBoxes)
  })

  test("two sides that make them in different ways understand each other", async () => {
    const key = randomBytes(32) as SharedKey
    const fast = await Effect.runPromise(loadBoxes)
    for (const [mine, theirs] of [[fast, plainBoxes], [plainBoxes, fast], [fast, fast]] as const) {
      const client = curveTraffic(key, "client", new NonceCounter(), new NonceGuard(), mine)
      const server = curveTraffic(key, "server", new NonceCounter(), new NonceGuard(), theirs)
      for (const body of [bytes(""), bytes("a"), new Uint8Array(2_000).fill(3)]) {
        const frame = { command: false, more: true, body }
        assert.deepEqual(valueOf(server.open(client.seal(frame))), frame)
        assert.deepEqual(valueOf(client.open(server.seal(frame))), frame)
      }
    }
  })
})
