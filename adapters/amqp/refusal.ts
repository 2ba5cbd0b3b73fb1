/**
 * What a connection that was not made means to people: the cause in one sentence, and what to do about it.
 *
 * Between `Link.ts`, which dials again and again, and `Failure.ts`. Knows the words of RabbitMQ and of the three
 * runtimes' sockets; decides which failures no later attempt can mend.
 */
import { Disconnected, Forbidden, TransportError } from "../../src/transport/mod.ts"
import type { Address } from "./Address.ts"
import { accessRefused, type BrokerFailure } from "./Failure.ts"

/** A connection that was not made. */
export interface Refusal {
  readonly error: TransportError
  /** Whether trying again is of no use: someone has to change something first. */
  readonly final: boolean
}

interface Case {
  readonly says: RegExp
  readonly means: string
  readonly final: boolean
}

const nobody: Case = {
  says: /ECONNREFUSED|ConnectionRefused|Failed to connect/i,
  means: "nothing listens there, start the broker or mend the address",
  final: false,
}

const nobodyYet: Case = {
  ...nobody,
  means: "nobody hosts the broker for now, start a process that does, as `warren broker`",
}

// what runtimes and brokers say; the first that fits counts
const cases: ReadonlyArray<Case> = [
  nobody,
  {
    says: /ENOTFOUND|EAI_AGAIN|EAI_NONAME|failed to lookup/i,
    means: "the host is unknown, mend the address",
    final: false,
  },
  { says: /EHOSTUNREACH|ENETUNREACH/, means: "the network has no way to that host, mend the address", final: false },
  {
    says: /ETIMEDOUT|timed? ?out/i,
    means: "the broker did not answer in time, look whether it is overloaded or a firewall drops the packets",
    final: false,
  },
  {
    says: /ALTNAME|altnames|not valid for name|NotValidForName/i,
    means:
      "its certificate is for another host, mend the address or say the name it has with `?server_name_indication=`",
    final: true,
  },
  { says: /CERT_HAS_EXPIRED|certificate (has )?expired/i, means: "its certificate has expired, renew it", final: true },
  {
    says:
      /self[- ]signed|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|UnknownIssuer|unknown ca|unable to (verify|get)|CaUsedAsEndEntity|BadSignature/i,
    means:
      "its certificate is signed by nobody known here, name the authority's file with `?cacertfile=` (WARREN_BROKER_CA)",
    final: true,
  },
  {
    says: /certificate[ _]required|bad[ _]certificate|handshake failure|HANDSHAKE_FAILURE/i,
    means:
      "the broker wants a certificate of this client, name it with `?certfile=` and `?keyfile=` (WARREN_BROKER_CERT, WARREN_BROKER_KEY)",
    final: true,
  },
  {
    says: /WRONG_VERSION|wrong version number|InvalidContentType|packet length too long|corrupt message/i,
    means: "that port does not speak TLS, use amqp:// or the broker's TLS port (5671)",
    final: true,
  },
  {
    says: /SASL mechanism/,
    means: "the broker does not take a user and a password, allow the mechanism PLAIN",
    final: true,
  },
  {
    says: /Invalid frame|Frame size|Expected ConnectionStart|Unexpected frame|not AMQP|Malformed/i,
    means: "what listens there does not speak AMQP 0-9-1, mend the port",
    final: true,
  },
  {
    says: /closed abruptly|Unexpected close|ECONNRESET|socket hang up|EPIPE/i,
    means: "the connection was closed before it was open, look whether the port is the broker's and needs amqps://",
    final: false,
  },
]

// the library hides the broker's words when a virtual host is refused
const vhostRefused = /Expected ConnectionOpenOk; got <ConnectionClose/

/** What a failed attempt to connect to `address` means; `passes`: the broker passes from host to host. */
export const refusal = (address: Address, failed: BrokerFailure, passes = false): Refusal => {
  const { vhost, user, label } = address
  const made = (reason: TransportError["reason"], final: boolean): Refusal => ({
    error: new TransportError({ operation: "connect", target: label, reason }),
    final,
  })
  if (vhostRefused.test(failed.text)) {
    const detail = `virtual host "${vhost}" does not exist, or user "${user}" may not use it; ` +
      `see "rabbitmqctl list_vhosts" and "rabbitmqctl list_permissions -p ${vhost}"; ` +
      `or it has as many connections as it may: "rabbitmqctl list_vhost_limits -p ${vhost}"`
    return made(new Forbidden({ detail }), true)
  }
  if (failed.code === accessRefused) {
    const detail = `user or password is wrong for "${user}" (${failed.text})`
    return made(new Forbidden({ detail }), true)
  }
  const known = failed.final === true
    ? undefined
    : passes && nobody.says.test(failed.text)
    ? nobodyYet
    : cases.find(({ says }) => says.test(failed.text))
  const detail = known === undefined ? failed.text : `${known.means} (${failed.text})`
  return made(new Disconnected({ detail }), failed.final ?? known?.final ?? false)
}
