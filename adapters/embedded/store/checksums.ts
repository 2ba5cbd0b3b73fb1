/**
 * Checksums of rows: SQLite finds what breaks its pages, and takes what changes a byte in a value as it is.
 *
 * Below `write.ts` and `load.ts`. CRC-32 over everything that a row says for good, its key included; how often a message came
 * back changes while it is there, and is not in it.
 */
import { crc32 } from "node:zlib"
import type { ContentRow, MessageRow } from "./Changes.ts"

/** Of a row of things. */
export const sumOfThing = (kind: string, name: string, spec: string): number => crc32(`${kind}\0${name}\0${spec}`)

/** Of a row of contents. */
export const sumOfContent = ({ id, properties, body }: ContentRow): number =>
  crc32(body, crc32(properties, crc32(`${id} ${properties.length}`)))

/** Of a row of messages. */
export const sumOfMessage = (
  { id, queue, place, content, exchange, key, carbons, expires }: Omit<MessageRow, "redelivered" | "returns">,
): number => crc32(JSON.stringify([id, queue, place, content, exchange, key, carbons, expires]))
