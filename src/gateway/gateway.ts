/**
 * The bus over HTTP: `POST /calls/{api}/{call}`, `POST /events/{api}/{event}`, health, metrics, topology
 * and inspection, as a Hono app.
 *
 * Stands on a bus and knows nothing of brokers or handlers. Reaches only what apis expose; answers failures as problem
 * details. A request is one fiber: a client that hangs up interrupts it, and with it the handler. Opens no port: mount
 * it, or serve its `fetch`.
 */
import { Context, Effect, Exit } from "effect"
import { Hono } from "hono"
import type { ContractSpec } from "../contract/mod.ts"
import type { BusShape, CallTrail, OpenStep } from "../runtime/mod.ts"
import { formatTraceparent, type Trace } from "../wire/mod.ts"
import { type Dealings, emitEvent, makeCall } from "./dealings.ts"
import { exposedOf } from "./exposed.ts"
import { type BusSource, defaults, type GatewayOptions } from "./GatewayOptions.ts"
import { makeGuard } from "./guard.ts"
import { readTrace, RequestHeader, writeTrail } from "./headers.ts"
import { indexPage } from "./indexPage.ts"
import { inspect } from "./inspection.ts"
import { type Problem, problemBody, problemMedia, problems } from "./problem.ts"
import { prometheusMedia } from "./prometheus.ts"
import { beginRequest, endRequest } from "./requestStep.ts"

/** A gateway in front of a bus. Throws `GatewayRefused` for an empty token. */
export const gateway = (source: BusSource, options: GatewayOptions = {}): Hono => {
  const guard = makeGuard(options)
  const exposed = exposedOf(options.apis ?? [])
  const dealings: Dealings = {
    bus: busOf(source),
    limits: { bytes: options.bodyLimit ?? defaults.bodyLimit, ms: options.bodyTimeout ?? defaults.bodyTimeout },
    maxTimeout: options.maxTimeout ?? defaults.maxTimeout,
  }
  const { telemetry } = dealings.bus
  const context = options.context ?? Context.empty()
  const runPromiseExit = Effect.runPromiseExitWith(context)

  /** Runs one request: who asks, then the work; a client that hangs up ends it. */
  const answer = async (
    request: Request,
    work: (trace: Trace) => Effect.Effect<Response, Problem>,
    open: boolean = false,
    name?: string,
  ): Promise<Response> => {
    let step: OpenStep | undefined
    const exit = await runPromiseExit(
      Effect.flatMap(readTrace(request.headers), (own) => {
        step = beginRequest(telemetry, name, request.headers, own)
        const trace = step?.trace ?? own
        return Effect.suspend(() => {
          const objection = open ? undefined : guard(request.headers)
          return objection === undefined ? work(trace) : Effect.fail(objection)
        }).pipe(
          Effect.catchDefect((defect) =>
            Effect.andThen(
              Effect.annotateLogs(Effect.logError("The gateway failed", defect), { trace: trace.traceId }),
              Effect.fail(problems.internal()),
            )
          ),
          Effect.catch((problem) => Effect.succeed(refusal(request, problem, trace))),
          Effect.map((response) => sealed(response, trace)),
        )
      }),
      { signal: request.signal },
    )
    endRequest(step, Exit.isSuccess(exit) ? exit.value.status : undefined)
    // only a client that is gone interrupts; nobody reads this
    return Exit.isSuccess(exit) ? exit.value : new Response(null, { status: 499 })
  }

  const page = (
    request: Request,
    allowed: string,
    work: (trace: Trace) => Effect.Effect<Response, Problem>,
    open = false,
    name?: string,
  ) => {
    if (request.method === "OPTIONS") return preflight(allowed)
    if (!allowed.split(", ").includes(request.method)) {
      return answer(request, () => Effect.fail(problems.methodNotAllowed(request.method, allowed)), open)
    }
    return answer(request, work, open, name)
  }

  const unknown = (kind: ContractSpec["kind"], type: string): Effect.Effect<never, Problem> => {
    const hint = exposed.hint(kind, type)
    const detail = `No ${kind} "${type.slice(0, 200)}" is exposed here`
    return Effect.fail(problems.notFound(hint === undefined ? detail : `${detail}; ${hint}`))
  }

  const { metrics, topology, inspect: inspection } = options
  const app = new Hono()
  app.all("/calls/:api/:member", (c) => {
    const { api, member } = c.req.param()
    const contract = exposed.call(api, member)
    // instances and hosts are told where the topology is told too
    const wanted = topology !== undefined && c.req.header(RequestHeader.trail) !== undefined
    let trail: CallTrail | undefined
    const answered = page(
      c.req.raw,
      posting,
      (trace) =>
        contract === undefined ? unknown("call", `${api}.${member}`) : Effect.map(
          makeCall(dealings, contract, c.req.raw, trace, wanted ? (told) => trail = told : undefined),
          (value) => json(200, value),
        ),
      false,
      `POST /calls/${contract === undefined ? "{api}/{call}" : `${api}/${member}`}`,
    )
    return wanted ? withTrail(answered, () => trail) : answered
  })
  app.all("/events/:api/:member", (c) => {
    const { api, member } = c.req.param()
    const contract = exposed.event(api, member)
    return page(
      c.req.raw,
      posting,
      (trace) =>
        contract === undefined
          ? unknown("event", `${api}.${member}`)
          : Effect.map(emitEvent(dealings, contract, c.req.raw, trace), (emitted) => json(202, emitted)),
      false,
      `POST /events/${contract === undefined ? "{api}/{event}" : `${api}/${member}`}`,
    )
  })
  app.all("/health/live", (c) => page(c.req.raw, reading, () => Effect.succeed(json(200, { live: true })), true))
  app.all("/health/ready", (c) =>
    page(c.req.raw, reading, () => {
      const ready = options.ready?.() ?? true
      return Effect.succeed(json(ready ? 200 : 503, { ready }, ready ? {} : { "retry-after": "1" }))
    }, true))
  if (metrics !== undefined) {
    app.all("/metrics", (c) => page(c.req.raw, reading, () => Effect.sync(() => text(metrics.text()))))
  }
  if (topology !== undefined) {
    app.all("/topology", (c) => page(c.req.raw, reading, () => Effect.sync(() => json(200, topology()))))
  }
  if (inspection !== undefined) {
    app.all(
      "/inspect/:verb",
      (c) =>
        page(
          c.req.raw,
          posting,
          ({ traceId }) =>
            inspect(inspection, c.req.param("verb"), c.req.raw, dealings.limits, { trace: traceId, context }),
        ),
    )
  }
  app.all(
    "/",
    (c) => page(c.req.raw, reading, () => Effect.sync(() => json(200, indexPage(exposed, options, c.req.path)))),
  )
  app.all(
    "*",
    (c) => answer(c.req.raw, () => Effect.fail(problems.notFound("No such page; GET / lists what there is"))),
  )
  return app
}

const posting = "POST, OPTIONS"
const reading = "GET, HEAD, OPTIONS"

/** Says which methods there are and grants nothing: no other origin is let in. Tells nothing of what is exposed. */
const preflight = (allowed: string): Response =>
  new Response(null, { status: 204, headers: { allow: allowed, ...always } })

const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const

const json = (status: number, value: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } })

const text = (body: string): Response => new Response(body, { headers: { "content-type": prometheusMedia } })

const refusal = (request: Request, problem: Problem, trace: Trace): Response =>
  new Response(JSON.stringify(problemBody(problem, new URL(request.url).pathname, trace.traceId)), {
    status: problem.status,
    headers: { "content-type": problemMedia, ...problem.headers },
  })

const sealed = (response: Response, trace: Trace): Response => {
  for (const [name, value] of Object.entries(always)) response.headers.set(name, value)
  response.headers.set("traceparent", formatTraceparent(trace))
  return response
}

const withTrail = async (answered: Response | Promise<Response>, told: () => CallTrail | undefined) => {
  const response = await answered
  const trail = told()
  const text = trail === undefined ? undefined : writeTrail(trail)
  if (text !== undefined) response.headers.set(RequestHeader.trail, text)
  return response
}

const busOf = (source: BusSource): BusShape => "effect" in source ? source.effect : source
