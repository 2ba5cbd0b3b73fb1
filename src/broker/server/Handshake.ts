/**
 * The beginning of a connection: greeting, log-in, tuning, opening; who the peer is, and what was agreed on with it.
 *
 * Below `Session.ts`, which gives it frames and sends its answers. Whoever has not said who it is learns nothing but that it
 * may not come in; what comes out of turn is answered by silence.
 */
import { type Frame, leastFrameMax, type Method, type Table } from "../amqp/mod.ts"
import { isKnown, mechanisms, readResponse } from "./credentials.ts"
import { Refused, refused } from "./refusal.ts"
import type { Server } from "./Server.ts"
import type { VirtualHost } from "./VirtualHost.ts"

/** How far it is. */
export type HandshakeState = "greeting" | "starting" | "tuning" | "opening"

/** What a frame leads to: an answer, or nothing, or the end without a word; or the connection is open. */
export type Step =
  | { readonly _tag: "Said"; readonly method: Method | undefined }
  | { readonly _tag: "Silent" }
  | { readonly _tag: "Opened"; readonly vhost: VirtualHost }

type MethodNamed<Name extends Method["name"]> = Extract<Method, { readonly name: Name }>

const silent: Step = { _tag: "Silent" }
const nothing: Step = { _tag: "Said", method: undefined }

const encoder = new TextEncoder()

/** See the top of the file. */
export class Handshake {
  readonly #server: Server
  state: HandshakeState = "greeting"
  user = ""
  /** What the peer said of itself. */
  clientProperties: Table = new Map()
  frameMax = leastFrameMax
  channelMax: number
  heartbeat = 0

  constructor(server: Server) {
    this.#server = server
    this.channelMax = server.limits.channelMax
  }

  /** Takes a frame; throws why the peer may not come in. */
  take(frame: Frame): Step {
    if (frame.type === "heartbeat") return nothing
    if (this.state === "greeting") {
      this.state = "starting"
      return said({
        name: "connection.start",
        versionMajor: 0,
        versionMinor: 9,
        serverProperties: this.#server.properties,
        mechanisms: encoder.encode(mechanisms),
        locales: encoder.encode("en_US"),
      })
    }
    const method = frame.type === "method" && frame.channel === 0 ? frame.method : undefined
    if (method?.name === "connection.start-ok" && this.state === "starting") return this.#start(method)
    if (method?.name === "connection.tune-ok" && this.state === "tuning") return this.#tune(method)
    if (method?.name === "connection.open" && this.state === "opening") return this.#open(method.virtualHost)
    return silent
  }

  /** Whether the peer said that it knows how to deal with something. */
  can(capability: string): boolean {
    const capabilities = this.clientProperties.get("capabilities")
    return capabilities?.type === "table" && capabilities.value.get(capability)?.value === true
  }

  #start({ clientProperties, mechanism, response }: MethodNamed<"connection.start-ok">): Step {
    this.clientProperties = clientProperties
    const credentials = readResponse(mechanism, response)
    this.user = credentials.user
    if (!isKnown(credentials, this.#server.users)) {
      const where = "For details see the broker logfile."
      const detail = `Login was refused using authentication mechanism ${mechanism}. ${where}`
      throw new Refused("ACCESS_REFUSED", detail, "connection", false)
    }
    const { channelMax, frameMax, heartbeat } = this.#server.limits
    this.state = "tuning"
    return said({ name: "connection.tune", channelMax, frameMax, heartbeat })
  }

  #tune({ channelMax, frameMax, heartbeat }: MethodNamed<"connection.tune-ok">): Step {
    const { limits } = this.#server
    agree("frame_max", frameMax, leastFrameMax, limits.frameMax)
    agree("channel_max", channelMax, 1, limits.channelMax)
    this.channelMax = channelMax
    this.frameMax = frameMax
    this.heartbeat = heartbeat
    this.state = "opening"
    return nothing
  }

  #open(name: string): Step {
    const vhost = this.#server.virtualHost(name)
    if (vhost === undefined) throw refused("NOT_ALLOWED", `vhost ${name} not found`)
    return { _tag: "Opened", vhost }
  }
}

const said = (method: Method): Step => ({ _tag: "Said", method })

/** Takes what a client wants of what it was offered; throws where it is not within. */
const agree = (what: string, value: number, least: number, most: number): void => {
  const refuse = (relation: string, bound: string, limit: number) =>
    refused("NOT_ALLOWED", `negotiated ${what} = ${value} is ${relation} than the ${bound} allowed value (${limit})`)
  if (value !== 0 && value < least) throw refuse("lower", "minimum", least)
  if (most !== 0 && (value === 0 || value > most)) throw refuse("higher", "maximum", most)
}
