/**
 * What CURVE costs of its own: a box of 1 KiB closed and opened, on each runtime.
 *
 * Runs itself in a process of each runtime, and looks whether that runtime has a Salsa20 of its own (`node:crypto`).
 */
import { execFileSync } from "node:child_process"
import { getCiphers } from "node:crypto"
import { open, pairOf, randomBytes, randomPair, seal, sharedKey } from "../../../adapters/zeromq/zmtp/curve/box.ts"
import { median } from "../figures.ts"
import { runtimeFlags, type RuntimeName, runtimeProgram } from "../program.ts"

/** What one runtime says: µs each, and whether it has the cipher itself. */
interface Boxes {
  readonly seal: number
  readonly open: number
  readonly handshake: number
  readonly hasSalsa: boolean
}

/** Prints the table. */
export const printBoxes = (runtimes: ReadonlyArray<RuntimeName>): void => {
  console.log("µs, 1 KiB           seal        open  two keys made  Salsa20 in node:crypto")
  for (const runtime of runtimes) {
    const args = [...runtimeFlags(runtime), import.meta.filename]
    const said = execFileSync(runtimeProgram(runtime), args, { encoding: "utf8" })
    const { seal, open, handshake, hasSalsa } = JSON.parse(said) as Boxes
    const cells = [seal, open, handshake].map((µs) => µs.toFixed(1).padStart(12))
    console.log(`${runtime.padEnd(12)}${cells.join("")}${(hasSalsa ? "yes" : "no").padStart(27)}`)
  }
}

/** µs of one, the middle of some rounds. */
const time = (once: () => void): number => {
  const count = 2_000
  const round = () => {
    const began = performance.now()
    for (let i = 0; i < count; i++) once()
    return (performance.now() - began) * 1_000 / count
  }
  for (let i = 0; i < 3; i++) round()
  return median(Array.from({ length: 9 }, round))
}

const measure = (): Boxes => {
  const [mine, theirs] = [randomPair(), randomPair()]
  const key = sharedKey(theirs.publicKey, mine.secretKey)!
  const nonce = randomBytes(24)
  const text = randomBytes(1_024)
  const box = seal(key, nonce, text)
  const began = performance.now()
  const pairs = 50
  for (let i = 0; i < pairs; i++) sharedKey(pairOf(theirs.secretKey).publicKey, mine.secretKey)
  return {
    seal: time(() => void seal(key, nonce, text)),
    open: time(() => void open(key, nonce, box)),
    handshake: (performance.now() - began) * 1_000 / pairs,
    hasSalsa: getCiphers().some((name) => /salsa/i.test(name)),
  }
}

if ((import.meta as { main?: boolean }).main) console.log(JSON.stringify(measure()))
