/**
 * A certificate authority of its own and a server's certificate for `localhost` and 127.0.0.1, made with `openssl`.
 *
 * For development: the keys lie beside the certificates. A folder that is kept keeps its authority, so that clients
 * that trust it need not be told again.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { RabbitUnavailable } from "./types.ts"
import { tail } from "./wait.ts"

const configuration = `[req]
prompt = no
distinguished_name = name
[name]
CN = Warren development
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
`

const days = ["-days", "3650"]
const key = ["-newkey", "rsa:2048", "-nodes", "-keyout"]

const steps: ReadonlyArray<ReadonlyArray<string>> = [
  ["req", "-config", "tls.cnf", "-x509", "-extensions", "authority", ...days, ...key, "ca.key", "-out", "ca.pem"],
  ["req", "-config", "tls.cnf", "-new", "-subj", "/CN=localhost", ...key, "server.key", "-out", "server.csr"],
  [
    ...["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", ...days],
    ...["-extfile", "tls.cnf", "-extensions", "server", "-out", "server.pem"],
  ],
]

/** Makes `ca.pem`, `server.pem` and `server.key` in this folder where they are missing; returns `ca.pem`'s path. */
export const certificates = async (folder: string, openssl = "openssl"): Promise<string> => {
  const ca = join(folder, "ca.pem")
  if (existsSync(join(folder, "server.pem"))) return ca
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "tls.cnf"), configuration)
  for (const args of steps) {
    const run = spawnSync(openssl, args, { cwd: folder, encoding: "utf8" })
    if (run.error !== undefined) {
      throw new RabbitUnavailable(`Cannot make certificates: cannot run "${openssl}"; install it, or leave TLS out`)
    }
    if (run.status !== 0) throw new Error(`Cannot make certificates: "openssl ${args[0]}" failed\n${tail(run.stderr)}`)
  }
  return ca
}
