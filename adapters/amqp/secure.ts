/**
 * What the socket of an `amqps://` connection is given: certificates and keys, read from their files.
 *
 * Between `Connection.ts` and the file system. Read at every connecting, so that renewed certificates are taken up
 * without a restart.
 */
import { Effect } from "effect"
import { readFile } from "node:fs/promises"
import type { Tls } from "./Address.ts"
import { type BrokerFailure, failure } from "./Failure.ts"

/** Options for `tls.connect`; none for a line that is not encrypted. */
export const secure = (tls: Tls | undefined): Effect.Effect<object, BrokerFailure> =>
  tls === undefined ? Effect.succeed({}) : Effect.gen(function* () {
    const [ca, cert, key] = [yield* pem(tls.ca), yield* pem(tls.cert), yield* pem(tls.key)]
    return {
      ...(ca !== undefined && { ca: [ca] }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
      rejectUnauthorized: tls.verify,
    }
  })

const pem = (file: string | undefined): Effect.Effect<string | undefined, BrokerFailure> =>
  file === undefined ? Effect.succeed(undefined) : Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) => unusable(file, `cannot be read, mend its path (${failure(cause).text})`),
  }).pipe(
    // the runtimes do not agree on what to say of it
    Effect.filterOrFail((text) => text.includes("-----BEGIN "), () => unusable(file, "holds no PEM, name another one")),
  )

const unusable = (file: string, why: string): BrokerFailure => ({
  ...failure(new Error(`the certificate file "${file}" ${why}`)),
  final: true,
})
