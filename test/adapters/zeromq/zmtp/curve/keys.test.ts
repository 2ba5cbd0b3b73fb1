/**
 * Keys as people write them, and that nothing shows the secret ones.
 */
import { describe, test } from "#test"
import { Cause, Effect, Exit, Redacted, Result } from "effect"
import fc from "fast-check"
import assert from "node:assert/strict"
import { hkdfSync } from "node:crypto"
import { inspect } from "node:util"
import {
  type CurveKeys,
  deriveKeys,
  generateKeys,
  keysOf,
  readKey,
} from "../../../../../adapters/zeromq/zmtp/curve/keys.ts"
import { settingsOf, type SocketOptions } from "../../../../../adapters/zeromq/zmtp/SocketOptions.ts"
import { encodeZ85 } from "../../../../../adapters/zeromq/zmtp/z85.ts"
import { hex, unhex, valueOf } from "../support.ts"

/** The test keys of libzmq's own manual (zmq_curve). */
const manual = {
  publicKey: encodeZ85(unhex("54fcba24e93249969316fb617c872bb0c1d1ff14800427c594cbfacf1bc2d652")),
  secretKey: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
}

/** All the ways in which a program may come to print something. */
const shownOf = (value: unknown): string =>
  [
    String(value),
    inspect(value, { depth: 20, showHidden: true }),
    JSON.stringify(value),
    value instanceof Error ? `${value.message} ${value.stack} ${value.name}` : "",
    Exit.isExit(value) && Exit.isFailure(value) ? Cause.pretty(value.cause) : "",
  ].join("\n")

/** A secret key in each form that could be printed. */
const formsOf = (keys: CurveKeys): ReadonlyArray<string> => {
  const secret = Redacted.value(keys.secretKey)
  const bytes = valueOf(readKey(secret))
  return [secret, JSON.stringify(secret).slice(1, -1), hex(bytes), [...bytes].join(","), [...bytes].join(", ")]
}

const hides = (value: unknown, keys: CurveKeys): void => {
  const shown = shownOf(value)
  for (const form of formsOf(keys)) assert.ok(!shown.includes(form), shown)
}

describe("keysOf()", () => {
  test("finds the public key of a secret one", () => {
    assert.equal(keysOf(Redacted.make(manual.secretKey))?.publicKey, manual.publicKey)
    for (const wrong of ["", "no key", manual.secretKey.slice(1), `${manual.secretKey}00000`, "~".repeat(40)]) {
      assert.equal(keysOf(Redacted.make(wrong)), undefined)
    }
  })

  test("finds what generateKeys() made, which is new each time", () => {
    const [one, other] = [generateKeys(), generateKeys()]
    assert.equal(keysOf(one.secretKey)?.publicKey, one.publicKey)
    assert.notEqual(one.publicKey, other.publicKey)
    assert.notEqual(Redacted.value(one.secretKey), Redacted.value(other.secretKey))
  })
})

describe("deriveKeys()", () => {
  const derive = (secret: string, purpose: string) => Effect.runPromise(deriveKeys(Redacted.make(secret), purpose))

  test("makes the keys of HKDF-SHA256: the same of the same secret and purpose, others of others", async () => {
    const keys = await derive("a long secret of the team", "lanes")
    assert.deepEqual(keys.publicKey, (await derive("a long secret of the team", "lanes")).publicKey)
    assert.notEqual(keys.publicKey, (await derive("a long secret of the team", "other")).publicKey)
    assert.notEqual(keys.publicKey, (await derive("a long secret of the tea", "lanes")).publicKey)
    assert.equal(keysOf(keys.secretKey)?.publicKey, keys.publicKey)
    const secret = hkdfSync("sha256", "a long secret of the team", "", "lanes", 32)
    assert.equal(Redacted.value(keys.secretKey), encodeZ85(new Uint8Array(secret)))
    hides(keys, keys)
  })
})

describe("readKey()", () => {
  test("reads 40 characters of Z85 and nothing else", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      assert.equal(hex(valueOf(readKey(encodeZ85(bytes)))), hex(bytes))
    }))
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => {
      const key = readKey(text)
      assert.ok(key === undefined || key.length === 32 && text.length === 40)
    }))
  })
})

describe("secret keys", () => {
  test("are shown by nothing that keys are printed with", () => {
    const keys = generateKeys()
    hides(keys, keys)
    hides({ options: { curve: { role: "server", keys } } }, keys)
    assert.match(shownOf(keys), /redacted/)
  })

  test("are shown by no refusal of options", async () => {
    const keys = generateKeys()
    const other = generateKeys()
    const broken = { ...keys, secretKey: Redacted.make(`${Redacted.value(keys.secretKey)} `) }
    const wrong: ReadonlyArray<SocketOptions> = [
      { curve: { role: "server", keys: broken } },
      { curve: { role: "client", keys: broken, serverKey: other.publicKey } },
      { curve: { role: "server", keys: { ...keys, publicKey: other.publicKey } } },
      { curve: { role: "server", keys: { ...keys, publicKey: "no key" } } },
      { curve: { role: "server", keys, allowed: ["no key"] } },
      { curve: { role: "client", keys, serverKey: "no key" } },
    ]
    for (const options of wrong) {
      const result = settingsOf("DEALER", options)
      assert.ok(Result.isFailure(result))
      assert.match(result.failure.message, /curve/)
      hides(result.failure, keys)
      hides(await Effect.runPromiseExit(Effect.fromResult(result)), keys)
    }
  })

  test("are shown by no settings that were taken", () => {
    const keys = generateKeys()
    hides(settingsOf("DEALER", { curve: { role: "server", keys } }), keys)
    hides(settingsOf("DEALER", { curve: { role: "client", keys, serverKey: manual.publicKey } }), keys)
  })
})
