/**
 * Finds an installed RabbitMQ, or installs Debian's package when this user is root.
 *
 * Only servers that can be run directly are taken; never starts the package's own service, and touches no broker.
 */
import { spawnSync } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { rm, writeFile } from "node:fs/promises"
import { delimiter, join } from "node:path"
import process from "node:process"
import { RabbitUnavailable } from "./types.ts"
import { tail } from "./wait.ts"

/** The installed server; Debian's `/usr/sbin` wrapper is passed over: it would change the user and the folder. */
export const installedServer = (): string | undefined => {
  const folders = [
    "/usr/lib/rabbitmq/bin",
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
  ]
  return folders.map((folder) => join(folder, "rabbitmq-server")).find((file) =>
    existsSync(file) && !realpathSync(file).endsWith("rabbitmq-script-wrapper")
  )
}

/** Why nothing could be started, and what to do. */
export const unavailable = (): RabbitUnavailable =>
  new RabbitUnavailable(
    'Cannot find "rabbitmq-server": install it (Debian: "sudo apt-get install rabbitmq-server", ' +
      'macOS: "brew install rabbitmq") or start Docker, or set WARREN_TEST_BROKER to the URL of a broker that tests ' +
      'may use, or to "none" to skip the tests that need one',
  )

const POLICY = "/usr/sbin/policy-rc.d"

/** Installs Debian's package without letting it start its service; does nothing elsewhere or when not root. */
export const installOnDebian = async (log: (line: string) => void): Promise<void> => {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return
  const mine = !existsSync(POLICY)
  if (mine) await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 })
  try {
    if (spawnSync(POLICY, ["rabbitmq-server", "start"]).status !== 101) {
      throw new RabbitUnavailable(
        `Cannot install rabbitmq-server without starting its service: "${POLICY}" allows it; install it yourself`,
      )
    }
    log("Installing rabbitmq-server with apt-get; its service is not started")
    for (const step of [["update"], ["install", "-y", "--no-install-recommends", "rabbitmq-server"]]) {
      const run = spawnSync("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", ...step], {
        encoding: "utf8",
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      })
      if (run.status !== 0) {
        throw new RabbitUnavailable(`Cannot install rabbitmq-server: "apt-get ${step[0]}" failed\n${tail(run.stderr)}`)
      }
    }
  } finally {
    if (mine) await rm(POLICY, { force: true })
  }
}
