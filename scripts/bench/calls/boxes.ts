/**
 * What CURVE costs of its own: boxes closed and opened, and the keys of a handshake, on each runtime.
 *
 * Runs itself in a process of each runtime, in processor time, as a busy machine distorts the clock's. Says too whether that
 * runtime has a Salsa20 of its own (`node:crypto`), and how long its own X25519 takes.
 */
import { execFileSync } from "node:child_process"
import { createPrivateKey, createPublicKey, diffieHellman, getCiphers } from "node:crypto"
import { Buffer } from "node:buffer"
import process from "node:process"
import { open, randomBytes, randomPair, seal, sharedKey } from "../../../adapters/zeromq/zmtp/curve/box.ts"
import { median } from "../figures.ts"
import { runtimeFlags, type RuntimeName, runtimeProgram } from "../program.ts"

/** What is measured, µs of processor time each. */
const columns = {
  seal: "seal 1 KiB",
  open: "open 1 KiB",
  small: "seal 16 B",
  firstKey: "first key",
  key: "shared key",
  ownKey: "node:crypto's",
} as const

/** What one runtime says. */
type Boxes = { readonly [name in keyof typeof columns]: number } & { readonly hasSalsa: boolean }

const row = (title: string, cells: ReadonlyArray<string>): string =>
  title.padEnd(24) + cells.map((cell) => cell.padStart(15)).join("")

/** Prints the table. */
export const printBoxes = (runtimes: ReadonlyArray<RuntimeName>): void => {
  console.log(row("µs of processor time", [...Object.values(columns), "own Salsa20"]))
  for (const runtime of runtimes) {
    const args = [...runtimeFlags(runtime), import.meta.filename]
    const boxes = JSON.parse(execFileSync(runtimeProgram(runtime), args, { encoding: "utf8" })) as Boxes
    const names = Object.keys(columns) as ReadonlyArray<keyof typeof columns>
    console.log(row(runtime, [...names.map((name) => boxes[name].toFixed(1)), boxes.hasSalsa ? "yes" : "no"]))
  }
}

/** µs of processor time that this process has taken so far. */
const spent = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** µs of one, the middle of some rounds, once it is warm. */
const time = (count: number, once: () => void): number => {
  const round = () => {
    const before = spent()
    for (let i = 0; i < count; i++) once()
    return (spent() - before) / count
  }
  for (let i = 0; i < 4; i++) round()
  return median(Array.from({ length: 9 }, round))
}

/** The headers of X25519 keys, as DER has them. */
const privateHeader = Buffer.from("302e020100300506032b656e04220420", "hex")
const publicHeader = Buffer.from("302a300506032b656e032100", "hex")

const measure = (): Boxes => {
  const before = spent()
  const mine = randomPair()
  const firstKey = spent() - before
  const theirs = randomPair()
  const key = sharedKey(theirs.publicKey, mine.secretKey)!
  const nonce = randomBytes(24)
  const [text, small] = [randomBytes(1_024), randomBytes(16)]
  const box = seal(key, nonce, text)
  const ownKey = () => {
    const privateKey = Buffer.concat([privateHeader, mine.secretKey])
    const publicKey = Buffer.concat([publicHeader, theirs.publicKey])
    diffieHellman({
      privateKey: createPrivateKey({ key: privateKey, format: "der", type: "pkcs8" }),
      publicKey: createPublicKey({ key: publicKey, format: "der", type: "spki" }),
    })
  }
  return {
    firstKey,
    seal: time(3_000, () => void seal(key, nonce, text)),
    open: time(3_000, () => void open(key, nonce, box)),
    small: time(3_000, () => void seal(key, nonce, small)),
    key: time(50, () => void sharedKey(theirs.publicKey, mine.secretKey)),
    ownKey: time(50, ownKey),
    hasSalsa: getCiphers().some((name) => /salsa/i.test(name)),
  }
}

if ((import.meta as { main?: boolean }).main) console.log(JSON.stringify(measure()))
