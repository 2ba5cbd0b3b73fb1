/**
 * Where links listen, where others reach them, whom a process may reach, and what is refused: from what is known and said.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { inspect } from "node:util"
import { Redacted, Result } from "effect"
import fc from "fast-check"
import { isLoopback, type LinkOptions, type NoLinks, type Plan, plan } from "../../../../adapters/zeromq/links/plan.ts"
import { properties } from "../../../wire/properties.ts"

const secret = "0123456789abcdef0123456789abcdef"

const planOf = (options: Partial<LinkOptions>, length?: number) =>
  plan({ local: undefined, maxMessageBytes: 1, ...options }, length)

const planned = (options: Partial<LinkOptions>, length?: number): Plan => {
  const found = planOf(options, length)
  if (Result.isFailure(found)) assert.fail(`It was refused: ${found.failure.message}`)
  return found.success
}

const refused = (options: Partial<LinkOptions>, length?: number): NoLinks => {
  const found = planOf(options, length)
  if (Result.isSuccess(found)) assert.fail(`It was planned: ${JSON.stringify(found.success)}`)
  return found.failure
}

const encrypted = secret.length

describe("plan() on loopback", () => {
  for (
    const [local, host] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"], ["::ffff:127.0.0.1", "127.0.0.1"], [
      "127.9.9.9",
      "127.9.9.9",
    ]]
  ) {
    test(`listens where the broker is reached from, ${local}, without encryption, and reaches only loopback`, () => {
      const found = planned({ local })
      assert.deepEqual({ ...found, mayReach: 0 }, {
        bind: `tcp://${host}:*`,
        host,
        port: undefined,
        isEncrypted: false,
        mayReach: 0,
      })
      for (const one of ["127.0.0.1", "127.0.0.5", "::1", "localhost"]) assert.ok(found.mayReach(one), one)
      for (
        const one of ["10.0.0.1", "192.168.1.5", "fe80::1", "2001:db8::1", "sales-1", "example.org", "127.example.org"]
      ) {
        assert.ok(!found.mayReach(one), one)
      }
    })
  }

  test("is encrypted all the same where there is a secret", () => {
    assert.ok(planned({ local: "127.0.0.1" }, encrypted).isEncrypted)
  })

  test("needs nothing else where the user says so, whatever the broker's address", () => {
    for (const local of [undefined, "10.0.0.5"]) {
      const found = planned({ local, listen: "127.0.0.1:4711" })
      assert.deepEqual([found.bind, found.host, found.isEncrypted], ["tcp://127.0.0.1:4711", "127.0.0.1", false])
    }
  })
})

describe("plan() beyond loopback", () => {
  for (const local of ["10.0.0.5", "192.168.1.7", "2001:db8::7", "fe80::1%eth0", "::ffff:10.0.0.5"]) {
    test(`at ${local} needs a secret, and says what to do`, () => {
      const { reason, isMistake } = refused({ local })
      assert.equal(isMistake, false)
      assert.match(reason, /beyond this machine, without encryption; set WARREN_SECRET .* or use --insecure/)
      const found = planned({ local }, encrypted)
      assert.ok(found.isEncrypted)
      assert.equal(found.bind, `tcp://${found.host}:*`)
      assert.equal(planned({ local, insecure: true }).isEncrypted, false)
      assert.equal(refused({ local, insecure: false }).isMistake, false)
    })
  }

  test("reaches nothing on loopback, however that is written, and everything else", () => {
    const { mayReach } = planned({ local: "10.0.0.5" }, encrypted)
    for (
      const host of [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.255.255.254",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "localhost",
        "LocalHost",
        "localhost.",
        "parts.localhost",
        "::1",
        "0:0:0:0:0:0:0:1",
        "::0:1",
        "::1%lo",
        "::ffff:127.0.0.1",
        "::FFFF:127.0.0.1",
        "::ffff:7f00:1",
        "0:0:0:0:0:ffff:7f00:0001",
        // what these mean to whoever connects
        "0.0.0.0",
        "0",
        "::",
        "0:0:0:0:0:0:0:0",
        "::ffff:0.0.0.0",
      ]
    ) assert.ok(!mayReach(host), host)
    for (
      const host of [
        "10.0.0.6",
        "192.168.0.1",
        "8.8.8.8",
        "sales-1",
        "sales.internal",
        "localhost.example.org",
        "2001:db8::1",
        "fe80::2%eth0",
        "::ffff:10.0.0.1",
      ]
    ) assert.ok(mayReach(host), host)
  })

  test("an address that is advertised counts, though it listens on loopback", () => {
    const options = { local: "127.0.0.1", advertise: "10.0.0.5" }
    const { reason, isMistake } = refused(options)
    assert.match(reason, /^others reach it at 10\.0\.0\.5, beyond this machine, without encryption/)
    assert.equal(isMistake, false)
    const found = planned(options, encrypted)
    assert.deepEqual([found.bind, found.host, found.isEncrypted], ["tcp://127.0.0.1:*", "10.0.0.5", true])
    assert.deepEqual([found.mayReach("127.0.0.1"), found.mayReach("10.0.0.6")], [false, true])
  })

  test("and the other way round: whoever listens beyond loopback needs a secret, whatever is advertised", () => {
    assert.match(refused({ local: "10.0.0.5", advertise: "127.0.0.1" }).reason, /it would listen at 10\.0\.0\.5/)
  })
})

describe("plan() and what the user says", () => {
  const forms: ReadonlyArray<
    readonly [options: Partial<LinkOptions>, bind: string, host: string, port: number | undefined]
  > = [
    [{ listen: "10.0.0.9" }, "tcp://10.0.0.9:*", "10.0.0.9", undefined],
    [{ listen: "10.0.0.9:4711" }, "tcp://10.0.0.9:4711", "10.0.0.9", undefined],
    [{ listen: ":4711" }, "tcp://10.0.0.5:4711", "10.0.0.5", undefined],
    [{ listen: "10.0.0.9:*" }, "tcp://10.0.0.9:*", "10.0.0.9", undefined],
    [{ listen: "[2001:db8::9]:4711" }, "tcp://[2001:db8::9]:4711", "[2001:db8::9]", undefined],
    [{ listen: "[2001:db8::9]" }, "tcp://[2001:db8::9]:*", "[2001:db8::9]", undefined],
    [{ listen: "2001:db8::9" }, "tcp://[2001:db8::9]:*", "[2001:db8::9]", undefined],
    [{ listen: "sales-1" }, "tcp://sales-1:*", "sales-1", undefined],
    [{ advertise: "sales-1" }, "tcp://10.0.0.5:*", "sales-1", undefined],
    [{ advertise: "sales.internal:4711" }, "tcp://10.0.0.5:4711", "sales.internal", 4_711],
    [{ advertise: "[2001:db8::9]:4711" }, "tcp://10.0.0.5:4711", "[2001:db8::9]", 4_711],
    [{ advertise: "2001:db8::9" }, "tcp://10.0.0.5:*", "[2001:db8::9]", undefined],
    [{ advertise: ":4711" }, "tcp://10.0.0.5:4711", "10.0.0.5", 4_711],
    [{ listen: ":4711", advertise: "sales-1:30123" }, "tcp://10.0.0.5:4711", "sales-1", 30_123],
    [{ listen: "0.0.0.0:4711", advertise: "sales-1" }, "tcp://0.0.0.0:4711", "sales-1", undefined],
    [{ listen: "*:4711", advertise: "sales-1" }, "tcp://*:4711", "sales-1", undefined],
    [{ listen: "[::]:4711", advertise: "sales-1" }, "tcp://[::]:4711", "sales-1", undefined],
    [{ listen: "", advertise: "" }, "tcp://10.0.0.5:*", "10.0.0.5", undefined],
  ]
  for (const [options, bind, host, port] of forms) {
    test(`${JSON.stringify(options)} is understood`, () => {
      const found = planned({ local: "10.0.0.5", ...options }, encrypted)
      assert.deepEqual([found.bind, found.host, found.port], [bind, host, port])
    })
  }

  test("what is no place is a mistake, and is named", () => {
    for (
      const text of [
        "a b",
        "http://sales",
        "sales:0",
        "sales:65536",
        "sales:port",
        "sales:",
        "[::1",
        "::1]",
        "[sales]:1",
        "a:b:c",
        ":",
        "[]",
        "sales:1:2",
        "/tmp/socket",
        "sales\n",
      ]
    ) {
      for (const [option, name] of [["listen", "WARREN_LINKS"], ["advertise", "WARREN_ADVERTISE"]] as const) {
        const { reason, isMistake } = refused({ local: "127.0.0.1", [option]: text })
        assert.ok(isMistake, text)
        assert.ok(reason.includes(`${name} is ${JSON.stringify(text)}`), reason)
      }
    }
  })

  test("nobody can connect to all interfaces: it asks for a name", () => {
    for (const listen of ["0.0.0.0", "0.0.0.0:4711", "[::]:4711", "::", "*:4711"]) {
      const { reason, isMistake } = refused({ listen }, encrypted)
      assert.ok(isMistake)
      assert.match(reason, /nobody can connect to .*WARREN_ADVERTISE/)
    }
    assert.ok(refused({ local: "127.0.0.1", advertise: "0.0.0.0" }, encrypted).isMistake)
  })

  test("a broker whose line has no address leaves it to the user, and that is no mistake", () => {
    const { reason, isMistake } = refused({})
    assert.equal(isMistake, false)
    assert.match(reason, /say where to listen with WARREN_LINKS/)
  })

  test("a short secret is a mistake, on loopback too; it is counted and never shown", () => {
    for (const length of [0, 1, 15]) {
      const error = refused({ local: "127.0.0.1", secret: Redacted.make(secret.slice(0, length)) }, length)
      assert.ok(error.isMistake)
      assert.match(error.message, new RegExp(`WARREN_SECRET has ${length} characters; expected at least 16`))
      if (length > 1) assert.ok(!`${inspect(error)}${JSON.stringify(error)}`.includes(secret.slice(0, length)))
    }
    assert.ok(planned({ local: "127.0.0.1" }, 16).isEncrypted)
  })

  test("never throws, and never leaves the machine unencrypted unless told to", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(
        "127.0.0.1",
        "10.0.0.5",
        "::1",
        "[::1]:5",
        "sales-1:5",
        ":5",
        "0.0.0.0",
        "localhost",
        "127.1",
        "::",
      ),
    )
    properties(
      fc.property(
        fc.option(text),
        fc.option(text),
        fc.option(text),
        fc.boolean(),
        (local, listen, advertise, insecure) => {
          const found = planOf({
            local: local ?? undefined,
            listen: listen ?? undefined,
            advertise: advertise ?? undefined,
            insecure,
          })
          if (Result.isFailure(found) || insecure) return
          const { bind, host } = found.success
          assert.ok(isLoopback(host.replace(/^\[|\]$/g, "")), host)
          assert.match(bind, /^tcp:\/\/(127\.|\[::1\]|localhost)/)
        },
      ),
      1_000,
    )
  })
})
