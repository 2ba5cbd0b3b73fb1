/**
 * The foreign program: plain amqplib on a channel of its own, which writes what no Warren would.
 *
 * For tests of bad input. It can also nest header values as deep as bytes allow, which the library's own encoder cannot.
 */
import { type Channel, type ChannelModel, connect, type GetMessage, type Options } from "amqplib"
import { Buffer } from "node:buffer"
import { setTimeout as delay } from "node:timers/promises"

/** What may be wrong with a message. */
export type Oddity = Partial<Options.Publish>

/** A foreign program. */
export interface Foreigner {
  readonly channel: Channel
  /** Publishes; the broker has it when this resolves. Fails with the broker's words when it refuses it. */
  readonly publish: (exchange: string, key: string, body: string | Uint8Array, odd?: Oddity) => Promise<void>
  /** The next message of a queue, taken out of it; waits for it. */
  readonly take: (queue: string) => Promise<GetMessage>
  readonly close: () => Promise<void>
}

/** Connects one. */
export const startForeigner = async (url: string): Promise<Foreigner> => {
  const connection = await connect(url)
  connection.on("error", () => {})
  asArrays(connection)
  const channel = await connection.createChannel()
  channel.on("error", () => {})
  return {
    channel,
    publish: async (exchange, key, body, odd = {}) => {
      const own = await connection.createConfirmChannel()
      const refused = new Promise<never>((_, reject) => own.on("error", reject))
      refused.catch(() => {})
      own.publish(exchange, key, typeof body === "string" ? Buffer.from(body) : Buffer.from(body), odd)
      await Promise.race([own.waitForConfirms(), refused])
      await own.close()
    },
    take: async (queue) => {
      for (let waited = 0; waited < 30_000; waited += 20) {
        const found = await channel.get(queue, { noAck: true })
        if (found !== false) return found
        await delay(20)
      }
      throw new Error(`Nothing came to "${queue}"`)
    },
    close: () => connection.close(),
  }
}

/** A header of this name is sent as what its bytes are: an array. */
const arrayName = "warren-nested"

/** Arrays in arrays, as the value of one header: five bytes a level. */
export const nested = (levels: number): { readonly [arrayName]: Buffer } => {
  const bytes = Buffer.alloc(levels * 5)
  for (let i = 0; i < levels; i++) {
    bytes.write("A", i * 5)
    bytes.writeUInt32BE((levels - i - 1) * 5, i * 5 + 1)
  }
  return { [arrayName]: bytes }
}

// bytes and arrays are written alike, but for their tag
const asArrays = (connection: ChannelModel): void => {
  const { stream } = connection.connection as unknown as { readonly stream: { write: (chunk: Uint8Array) => boolean } }
  const write = stream.write.bind(stream)
  stream.write = (chunk) => {
    const at = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).indexOf(`${arrayName}x`)
    if (at >= 0) chunk[at + arrayName.length] = "A".charCodeAt(0)
    return write(chunk)
  }
}
