/**
 * A dead letter's payload as it can be shown: JSON, or else text, or else bytes; never more than anybody reads.
 *
 * Pure. Whoever prints it still has to keep control characters from the terminal.
 */
import { Result } from "effect"
import { fromBytes } from "../../wire/mod.ts"

/** Bytes of JSON that are shown as a value, of other text, and of neither. */
const most = { json: 1024 * 1024, text: 4_096, bytes: 64 } as const

/** See the top of the file. `cut`: there is more of it. */
export type Payload =
  | { readonly kind: "json"; readonly size: number; readonly value: unknown }
  | { readonly kind: "text"; readonly size: number; readonly text: string; readonly cut: boolean }
  | { readonly kind: "bytes"; readonly size: number; readonly hex: string; readonly cut: boolean }

/** What the bytes are. */
export const payloadOf = (body: Uint8Array): Payload => {
  const size = body.length
  if (size <= most.json) {
    const json = fromBytes(body)
    if (Result.isSuccess(json) && size > 0) return { kind: "json", size, value: json.success }
  }
  const cut = size > most.text
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, most.text), { stream: cut })
    return { kind: "text", size, text, cut }
  } catch {
    const hex = [...body.subarray(0, most.bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
    return { kind: "bytes", size, hex, cut: size > most.bytes }
  }
}
