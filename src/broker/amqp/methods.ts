/**
 * The methods of AMQP 0-9-1 with RabbitMQ's extensions, as a list that reads like the specification.
 *
 * Vocabulary only: `methodCodec.ts` reads and writes what stands here, and every type of a method is derived from it. What
 * is `reserved` has its place among the bytes and no value. Methods that are known and not done by a server are listed
 * nevertheless, so that they can be refused by name.
 */
import type { Table } from "./fields.ts"
import type { Long } from "./primitives.ts"

/** What values of each type of argument are. */
export interface ArgumentTypes {
  readonly bit: boolean
  readonly octet: number
  readonly short: number
  readonly long: number
  readonly longlong: Long
  readonly shortstr: string
  readonly longstr: Uint8Array
  readonly table: Table
}

/** The types of arguments. */
export type ArgumentType = keyof ArgumentTypes

/** One method. */
export interface MethodSpec {
  readonly classId: number
  readonly methodId: number
  /** Whoever sends it waits for an answer (unless a `noWait` among its arguments says otherwise). */
  readonly isSync: boolean
  /** A header and a body follow. */
  readonly hasContent: boolean
  /** In the order of their bytes. */
  readonly arguments: Readonly<Record<string, ArgumentType>>
}

type Arguments = Readonly<Record<string, ArgumentType>>

const method = <const A extends Arguments>(classId: number, methodId: number, args: A) => ({
  classId,
  methodId,
  isSync: false,
  hasContent: false,
  arguments: args,
} as const)

const sync = <const A extends Arguments>(classId: number, methodId: number, args: A) => ({
  ...method(classId, methodId, args),
  isSync: true,
} as const)

const content = <const A extends Arguments>(classId: number, methodId: number, args: A) => ({
  ...method(classId, methodId, args),
  hasContent: true,
} as const)

/** All of them. */
export const methods = {
  "connection.start": sync(10, 10, {
    versionMajor: "octet",
    versionMinor: "octet",
    serverProperties: "table",
    mechanisms: "longstr",
    locales: "longstr",
  }),
  "connection.start-ok": method(10, 11, {
    clientProperties: "table",
    mechanism: "shortstr",
    response: "longstr",
    locale: "shortstr",
  }),
  "connection.secure": sync(10, 20, { challenge: "longstr" }),
  "connection.secure-ok": method(10, 21, { response: "longstr" }),
  "connection.tune": sync(10, 30, { channelMax: "short", frameMax: "long", heartbeat: "short" }),
  "connection.tune-ok": method(10, 31, { channelMax: "short", frameMax: "long", heartbeat: "short" }),
  "connection.open": sync(10, 40, { virtualHost: "shortstr", reserved1: "shortstr", reserved2: "bit" }),
  "connection.open-ok": method(10, 41, { reserved1: "shortstr" }),
  "connection.close": sync(10, 50, { replyCode: "short", replyText: "shortstr", classId: "short", methodId: "short" }),
  "connection.close-ok": method(10, 51, {}),
  "connection.blocked": method(10, 60, { reason: "shortstr" }),
  "connection.unblocked": method(10, 61, {}),
  "connection.update-secret": sync(10, 70, { newSecret: "longstr", reason: "shortstr" }),
  "connection.update-secret-ok": method(10, 71, {}),

  "channel.open": sync(20, 10, { reserved1: "shortstr" }),
  "channel.open-ok": method(20, 11, { reserved1: "longstr" }),
  "channel.flow": sync(20, 20, { active: "bit" }),
  "channel.flow-ok": method(20, 21, { active: "bit" }),
  "channel.close": sync(20, 40, { replyCode: "short", replyText: "shortstr", classId: "short", methodId: "short" }),
  "channel.close-ok": method(20, 41, {}),

  "access.request": sync(30, 10, {
    realm: "shortstr",
    exclusive: "bit",
    passive: "bit",
    active: "bit",
    write: "bit",
    read: "bit",
  }),
  "access.request-ok": method(30, 11, { ticket: "short" }),

  "exchange.declare": sync(40, 10, {
    reserved1: "short",
    exchange: "shortstr",
    type: "shortstr",
    passive: "bit",
    durable: "bit",
    autoDelete: "bit",
    internal: "bit",
    noWait: "bit",
    arguments: "table",
  }),
  "exchange.declare-ok": method(40, 11, {}),
  "exchange.delete": sync(40, 20, { reserved1: "short", exchange: "shortstr", ifUnused: "bit", noWait: "bit" }),
  "exchange.delete-ok": method(40, 21, {}),
  "exchange.bind": sync(40, 30, {
    reserved1: "short",
    destination: "shortstr",
    source: "shortstr",
    routingKey: "shortstr",
    noWait: "bit",
    arguments: "table",
  }),
  "exchange.bind-ok": method(40, 31, {}),
  "exchange.unbind": sync(40, 40, {
    reserved1: "short",
    destination: "shortstr",
    source: "shortstr",
    routingKey: "shortstr",
    noWait: "bit",
    arguments: "table",
  }),
  // 51 where 41 is to be expected: so it is in RabbitMQ
  "exchange.unbind-ok": method(40, 51, {}),

  "queue.declare": sync(50, 10, {
    reserved1: "short",
    queue: "shortstr",
    passive: "bit",
    durable: "bit",
    exclusive: "bit",
    autoDelete: "bit",
    noWait: "bit",
    arguments: "table",
  }),
  "queue.declare-ok": method(50, 11, { queue: "shortstr", messageCount: "long", consumerCount: "long" }),
  "queue.bind": sync(50, 20, {
    reserved1: "short",
    queue: "shortstr",
    exchange: "shortstr",
    routingKey: "shortstr",
    noWait: "bit",
    arguments: "table",
  }),
  "queue.bind-ok": method(50, 21, {}),
  "queue.purge": sync(50, 30, { reserved1: "short", queue: "shortstr", noWait: "bit" }),
  "queue.purge-ok": method(50, 31, { messageCount: "long" }),
  "queue.delete": sync(50, 40, {
    reserved1: "short",
    queue: "shortstr",
    ifUnused: "bit",
    ifEmpty: "bit",
    noWait: "bit",
  }),
  "queue.delete-ok": method(50, 41, { messageCount: "long" }),
  "queue.unbind": sync(50, 50, {
    reserved1: "short",
    queue: "shortstr",
    exchange: "shortstr",
    routingKey: "shortstr",
    arguments: "table",
  }),
  "queue.unbind-ok": method(50, 51, {}),

  "basic.qos": sync(60, 10, { prefetchSize: "long", prefetchCount: "short", global: "bit" }),
  "basic.qos-ok": method(60, 11, {}),
  "basic.consume": sync(60, 20, {
    reserved1: "short",
    queue: "shortstr",
    consumerTag: "shortstr",
    noLocal: "bit",
    noAck: "bit",
    exclusive: "bit",
    noWait: "bit",
    arguments: "table",
  }),
  "basic.consume-ok": method(60, 21, { consumerTag: "shortstr" }),
  "basic.cancel": sync(60, 30, { consumerTag: "shortstr", noWait: "bit" }),
  "basic.cancel-ok": method(60, 31, { consumerTag: "shortstr" }),
  "basic.publish": content(60, 40, {
    reserved1: "short",
    exchange: "shortstr",
    routingKey: "shortstr",
    mandatory: "bit",
    immediate: "bit",
  }),
  "basic.return": content(60, 50, {
    replyCode: "short",
    replyText: "shortstr",
    exchange: "shortstr",
    routingKey: "shortstr",
  }),
  "basic.deliver": content(60, 60, {
    consumerTag: "shortstr",
    deliveryTag: "longlong",
    redelivered: "bit",
    exchange: "shortstr",
    routingKey: "shortstr",
  }),
  "basic.get": sync(60, 70, { reserved1: "short", queue: "shortstr", noAck: "bit" }),
  "basic.get-ok": content(60, 71, {
    deliveryTag: "longlong",
    redelivered: "bit",
    exchange: "shortstr",
    routingKey: "shortstr",
    messageCount: "long",
  }),
  "basic.get-empty": method(60, 72, { reserved1: "shortstr" }),
  "basic.ack": method(60, 80, { deliveryTag: "longlong", multiple: "bit" }),
  "basic.reject": method(60, 90, { deliveryTag: "longlong", requeue: "bit" }),
  "basic.recover-async": method(60, 100, { requeue: "bit" }),
  "basic.recover": sync(60, 110, { requeue: "bit" }),
  "basic.recover-ok": method(60, 111, {}),
  "basic.nack": method(60, 120, { deliveryTag: "longlong", multiple: "bit", requeue: "bit" }),

  "confirm.select": sync(85, 10, { noWait: "bit" }),
  "confirm.select-ok": method(85, 11, {}),

  "tx.select": sync(90, 10, {}),
  "tx.select-ok": method(90, 11, {}),
  "tx.commit": sync(90, 20, {}),
  "tx.commit-ok": method(90, 21, {}),
  "tx.rollback": sync(90, 30, {}),
  "tx.rollback-ok": method(90, 31, {}),
} as const satisfies Readonly<Record<string, MethodSpec>>

/** The names of methods. */
export type MethodName = keyof typeof methods

/** The values of a method's arguments, without what is reserved. */
type ValuesOf<A extends Arguments> = {
  readonly [K in keyof A as K extends `reserved${string}` ? never : K]: ArgumentTypes[A[K]]
}

/** One method with its arguments. */
export type MethodOf<Name extends MethodName> =
  & { readonly name: Name }
  & ValuesOf<(typeof methods)[Name]["arguments"]>

/** Any method with its arguments; tell them apart by `name`. */
export type Method = { readonly [Name in MethodName]: MethodOf<Name> }[MethodName]

/** Methods that a header and a body follow. */
export type ContentName = {
  readonly [Name in MethodName]: (typeof methods)[Name]["hasContent"] extends true ? Name : never
}[MethodName]

/** Any of these with its arguments. */
export type ContentMethod = { readonly [Name in ContentName]: MethodOf<Name> }[ContentName]
