/**
 * Greeting, log-in, tuning, opening, closing.
 */
import { protocolHeader } from "../../../../src/broker/amqp/mod.ts"
import { type Play, tableOf } from "../Stage.ts"

const encoder = new TextEncoder()

const amqplain = (user: string, password: string): Uint8Array => {
  const entry = (name: string, value: string) =>
    String.fromCharCode(name.length) + name + "S" + "\0\0\0" + String.fromCharCode(value.length) + value
  return encoder.encode(entry("LOGIN", user) + entry("PASSWORD", password))
}

/** See the top of the file. */
export const handshake: ReadonlyArray<Play> = [
  {
    name: "handshake: from the header to the goodbye",
    run: async (stage) => {
      const a = await stage.open({ isHeard: true })
      await a.send({ name: "connection.close", replyCode: 200, replyText: "bye", classId: 0, methodId: 0 }, 0)
    },
  },
  {
    name: "handshake: another version",
    run: async (stage) => {
      const a = await stage.connect()
      await a.bytes(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 8, 0))
    },
  },
  {
    name: "handshake: the header of AMQP 0-9",
    run: async (stage) => {
      const a = await stage.connect()
      await a.bytes(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9))
    },
  },
  {
    name: "handshake: a header that is nearly that of AMQP 0-9",
    run: async (stage) => {
      const a = await stage.connect()
      await a.bytes(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 1, 1, 9, 0))
    },
  },
  {
    name: "handshake: no AMQP at all",
    run: async (stage) => {
      const a = await stage.connect()
      await a.bytes(encoder.encode("GET / HTTP/1.1\r\n\r\n"))
    },
  },
  {
    name: "handshake: AMQPLAIN",
    run: async (stage) => {
      await stage.open({ isHeard: true, mechanism: "AMQPLAIN", response: amqplain("guest", "guest") })
    },
  },
  {
    name: "handshake: a wrong password",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, password: "wrong" })
    },
  },
  {
    name: "handshake: a wrong password by AMQPLAIN",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, mechanism: "AMQPLAIN", response: amqplain("guest", "wrong") })
    },
  },
  {
    name: "handshake: an unknown user",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, user: "nobody" })
    },
  },
  {
    name: "handshake: an unknown virtual host",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, vhost: "none" })
    },
  },
  {
    name: "handshake: frame_max too low",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, tune: { frameMax: 100 } })
      await stage.wait(3500)
    },
  },
  {
    name: "handshake: frame_max too high",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, tune: { frameMax: 1_000_000 } })
      await stage.wait(3500)
    },
  },
  {
    name: "handshake: frame_max without limit",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, tune: { frameMax: 0 } })
      await stage.wait(3500)
    },
  },
  {
    name: "handshake: channel_max too high",
    run: async (stage) => {
      await stage.open({ isHeard: true, channel: 0, tune: { channelMax: 65_535 } })
      await stage.wait(3500)
    },
  },
  {
    name: "handshake: update-secret",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "connection.update-secret", newSecret: encoder.encode("x"), reason: "because" }, 0)
      await a.queue("", { exclusive: true })
    },
  },
  {
    name: "handshake: a method of a server",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "connection.blocked", reason: "x" }, 0)
      await a.queue("", { exclusive: true })
    },
  },
  {
    name: "handshake: open again",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "connection.open", virtualHost: "/" }, 0)
      await a.queue("", { exclusive: true })
    },
  },
  {
    name: "handshake: the protocol header again",
    run: async (stage) => {
      const a = await stage.open()
      await a.bytes(protocolHeader as Uint8Array)
    },
  },
  {
    name: "handshake: a method of a channel on channel 0",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({
        name: "queue.declare",
        queue: "x",
        passive: true,
        durable: false,
        exclusive: false,
        autoDelete: false,
        noWait: false,
        arguments: tableOf({}),
      }, 0)
    },
  },
  {
    name: "handshake: a body on channel 0",
    run: async (stage) => {
      const a = await stage.open()
      await a.bytes(Uint8Array.of(3, 0, 0, 0, 0, 0, 1, 0x2e, 0xce))
    },
  },
]
