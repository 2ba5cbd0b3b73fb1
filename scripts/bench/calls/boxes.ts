/**
 * What CURVE costs of its own: frames sealed and opened, and the keys of a handshake, on each runtime.
 *
 * Runs itself in a process of each runtime, in processor time, as a busy machine distorts the clock's. Frames go by the cipher
 * that sockets use, as they load it, and by the one in JavaScript that they would fall back to. Says too whether that runtime
 * has a Salsa20 of its own (`node:crypto`), and how long its own X25519 takes.
 */
import { execFileSync } from "node:child_process"
import { createPrivateKey, createPublicKey, diffieHellman, getCiphers } from "node:crypto"
import { Buffer } from "node:buffer"
import process from "node:process"
import { Effect } from "effect"
import { plainBoxes, randomBytes, randomPair, sharedKey } from "../../../adapters/zeromq/zmtp/curve/box.ts"
import type { Boxes } from "../../../adapters/zeromq/zmtp/curve/Boxes.ts"
import { loadBoxes } from "../../../adapters/zeromq/zmtp/curve/loadBoxes.ts"
import { NonceCounter, NonceGuard } from "../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { curveTraffic } from "../../../adapters/zeromq/zmtp/curve/traffic.ts"
import { median } from "../figures.ts"
import { runtimeFlags, type RuntimeName, runtimeProgram } from "../program.ts"

/** What is measured, µs of processor time each. */
const columns = {
  seal: "seal 1 KiB",
  open: "open 1 KiB",
  small: "seal 16 B",
  large: "seal 64 KiB",
  plainSeal: "JS: seal 1 KiB",
  plainOpen: "JS: open 1 KiB",
  firstKey: "first key",
  key: "shared key",
  ownKey: "node:crypto's",
} as const

/** What one runtime says. */
type Costs = { readonly [name in keyof typeof columns]: number } & {
  readonly hasSalsa: boolean
  /** Whether sockets fall back to JavaScript. */
  readonly isPlain: boolean
}

const row = (title: string, cells: ReadonlyArray<string>): string =>
  title.padEnd(24) + cells.map((cell) => cell.padStart(15)).join("")

/** Prints the table. */
export const printBoxes = (runtimes: ReadonlyArray<RuntimeName>): void => {
  console.log(row("µs of processor time", [...Object.values(columns), "own Salsa20", "WebAssembly"]))
  for (const runtime of runtimes) {
    const args = [...runtimeFlags(runtime), import.meta.filename]
    const costs = JSON.parse(execFileSync(runtimeProgram(runtime), args, { encoding: "utf8" })) as Costs
    const names = Object.keys(columns) as ReadonlyArray<keyof typeof columns>
    const answers = [costs.hasSalsa, !costs.isPlain].map((answer) => answer ? "yes" : "no")
    console.log(row(runtime, [...names.map((name) => costs[name].toFixed(1)), ...answers]))
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

/** Opens the same frame again and again, as no peer may ask for. */
class Forgetful extends NonceGuard {
  override accepts(): boolean {
    return true
  }
}

/** µs of a frame of so many bytes, sealed and opened. */
const frames = (boxes: Boxes, bytes: number, count: number): { readonly seal: number; readonly open: number } => {
  const key = sharedKey(randomPair().publicKey, randomPair().secretKey)!
  const client = curveTraffic(key, "client", new NonceCounter(), new Forgetful(), boxes)
  const server = curveTraffic(key, "server", new NonceCounter(), new Forgetful(), boxes)
  const frame = { command: false, more: false, body: randomBytes(bytes) }
  const sealed = client.seal(frame)
  return { seal: time(count, () => void client.seal(frame)), open: time(count, () => void server.open(sealed)) }
}

const measure = async (): Promise<Costs> => {
  const before = spent()
  const mine = randomPair()
  const firstKey = spent() - before
  const theirs = randomPair()
  const boxes = await Effect.runPromise(loadBoxes)
  const [used, plain] = [frames(boxes, 1_024, 3_000), frames(plainBoxes, 1_024, 3_000)]
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
    seal: used.seal,
    open: used.open,
    small: frames(boxes, 16, 3_000).seal,
    large: frames(boxes, 65_536, 100).seal,
    plainSeal: plain.seal,
    plainOpen: plain.open,
    key: time(50, () => void sharedKey(theirs.publicKey, mine.secretKey)),
    ownKey: time(50, ownKey),
    hasSalsa: getCiphers().some((name) => /salsa/i.test(name)),
    isPlain: boxes === plainBoxes,
  }
}

if ((import.meta as { main?: boolean }).main) console.log(JSON.stringify(await measure()))
