/**
 * The write-ahead log beside a SQLite file, looked at before SQLite reads it: SQLite takes a log up to the first frame that is
 * broken and forgets the rest, which may be what was confirmed.
 *
 * Below `file.ts`. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log. What a power failure may leave, a last
 * transaction of which some is missing, is no flaw: it was never confirmed. Two transactions that ended after a broken frame
 * are one: the first of them was on the disk before the second began.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"

const header = { length: 32, magic: 0, pageSize: 8, salts: 16, sums: 24 }
const frame = { length: 24, size: 4, salts: 8, sums: 16 }
/** With sums over little-endian words; with one more, over big-endian ones. */
const magic = 0x377f0682

/** What is broken in the log of the file `path`, in words; `undefined`: nothing, or there is none. Throws what the system throws. */
export const flawOfLog = (path: string): string | undefined => {
  const file = openOrNot(`${path}-wal`)
  if (file === undefined) return undefined
  try {
    return flawOf(file, fstatSync(file).size)
  } finally {
    closeSync(file)
  }
}

const openOrNot = (path: string): number | undefined => {
  try {
    return openSync(path, "r")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

const flawOf = (file: number, size: number): string | undefined => {
  if (size < header.length) return undefined
  const head = read(file, 0, header.length)
  // a log that was begun and not used
  if (head.getUint32(header.magic) === 0) return undefined
  const isLittle = head.getUint32(header.magic) === magic
  const known = isLittle || head.getUint32(header.magic) === magic + 1
  const sums = new Sums(isLittle)
  sums.add(head, 0, header.sums)
  if (!known || !sums.are(head, header.sums)) return "the beginning of its -wal file is broken"
  const length = frame.length + head.getUint32(header.pageSize)
  let isBroken = false
  let broken = 0
  let endings = 0
  for (let at = header.length; at + length <= size; at += length) {
    const one = read(file, at, isBroken ? frame.length : length)
    const salts = [0, 4].filter((i) => one.getUint32(frame.salts + i) === head.getUint32(header.salts + i)).length
    if (!isBroken) {
      sums.add(one, 0, frame.salts)
      sums.add(one, frame.length, length)
      if (salts === 2 && sums.are(one, frame.sums)) continue
      isBroken = true
      broken = at
    }
    // a frame that a longer log of before has left has neither
    if (salts > 0 && one.getUint32(frame.size) > 0) endings++
    if (endings > 1) return `its -wal file is broken at byte ${broken}`
  }
  return undefined
}

const read = (file: number, at: number, length: number): DataView => {
  const bytes = new Uint8Array(length)
  return new DataView(bytes.buffer, 0, readSync(file, bytes, 0, length, at))
}

/** The sums of a log: they go on from frame to frame. */
class Sums {
  readonly #isLittle: boolean
  #first = 0
  #second = 0

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle
  }

  add(view: DataView, from: number, to: number): void {
    for (let at = from; at < to; at += 8) {
      this.#first = (this.#first + view.getUint32(at, this.#isLittle) + this.#second) >>> 0
      this.#second = (this.#second + view.getUint32(at + 4, this.#isLittle) + this.#first) >>> 0
    }
  }

  are(view: DataView, at: number): boolean {
    return view.getUint32(at) === this.#first && view.getUint32(at + 4) === this.#second
  }
}
