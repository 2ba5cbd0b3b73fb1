/**
 * What foreign programs may put into messages: every type of header, traps for names, huge bodies, and records of deaths.
 */
import { Buffer } from "node:buffer"

/** Headers of every AMQP type, and names that are traps; RabbitMQ ends a connection that sends NaN or an infinity. */
export const everyType = {
  "text": "t",
  "none": null,
  "yes": true,
  "byte": { "!": "byte", value: -1 },
  "octet": { "!": "uint8", value: 255 },
  "short": { "!": "short", value: -300 },
  "ushort": { "!": "uint16", value: 65_535 },
  "int": { "!": "int", value: -70_000 },
  "uint": { "!": "uint32", value: 4_294_967_295 },
  "long": { "!": "int64", value: 2 ** 60 },
  "float": { "!": "float", value: 1.5 },
  "double": { "!": "double", value: -1e300 },
  "decimal": { "!": "decimal", value: { places: 2, digits: 314 } },
  "time": { "!": "timestamp", value: 2 ** 63 },
  "bytes": Buffer.from([0xff, 0xfe, 0]),
  "list": [1, "two", [true, { deep: null }]],
  "table": { a: { b: { c: [Buffer.from("x")] } } },
  ["__proto__"]: { "warren-attempt": 7, "x-death": [{}] },
  "__PROTO__": { polluted: true },
  "constructor": { prototype: { polluted: true } },
  "toString": "a text",
  "valueOf": { "!": "long", value: 1 },
  "": "no name",
  ["n".repeat(255)]: "a long name",
  ["İ".repeat(127)]: "a name that grows in lower case",
  "CC": ["nobody", "somebody"],
}

/** A body of 20 MiB. */
export const huge = (start: string, end: string): Buffer => {
  const body = Buffer.alloc(20 * 1024 * 1024, " ")
  body.write(start)
  body.write(end, body.length - Buffer.byteLength(end))
  return body
}

/** The broker's record of a message that has been through these queues. */
export const circle = (queues: ReadonlyArray<string>): ReadonlyArray<object> =>
  queues.map((queue) => ({
    queue,
    count: { "!": "long", value: 3 },
    reason: "expired",
    exchange: "",
    "routing-keys": [queue],
    time: { "!": "timestamp", value: 1 },
  }))
