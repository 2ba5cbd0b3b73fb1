/**
 * A message for the disk and back: its properties as they travel, and its body as it is.
 *
 * Between `Content.ts` and a store, which knows no AMQP. The reverse throws where the bytes are no properties.
 */
import { Cursor } from "../amqp/Cursor.ts"
import { getProperties } from "../amqp/properties.ts"
import { Content } from "./Content.ts"

/** A message in two pieces. */
export interface KeptContent {
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

/** See the top of the file. */
export const kept = {
  /** Whether it was published to survive the broker. */
  isPersistent: ({ properties }: Content): boolean => properties.deliveryMode === 2,
  write: ({ head, body }: Content): KeptContent => ({ properties: head, body }),
  read: ({ properties, body }: KeptContent): Content => {
    // throws where these are no properties
    getProperties(new Cursor(properties))
    return new Content(properties, body)
  },
} as const
