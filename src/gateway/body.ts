/**
 * Reads a request's body as JSON, within limits that hold while it is being read.
 *
 * Above it the routes; below it `src/wire`, which judges the bytes. Refuses by what the headers say before the first
 * byte is read; keeps at most the limit in memory whatever a client sends.
 */
import { Effect, Result } from "effect"
import { fromBytes } from "../wire/mod.ts"
import { type Problem, problems } from "./problem.ts"

/** How much of a body is taken, and how long it may take. */
export interface BodyLimits {
  /** Bytes at most. */
  readonly bytes: number
  /** ms until it must be there. */
  readonly ms: number
}

/** The JSON value of a body; an empty one is `{}`, the payload without fields. */
export const readJson = (request: Request, limits: BodyLimits): Effect.Effect<unknown, Problem> => {
  const media = request.headers.get("content-type")
  if (media === null || !/^application\/json\s*(;|$)/i.test(media.trim())) {
    const found = media === null ? "there is none" : `it is "${media.slice(0, 100)}"`
    return Effect.fail(problems.notMediaType(`The content type must be "application/json", but ${found}`))
  }
  const coding = request.headers.get("content-encoding")
  if (coding !== null && coding.trim().toLowerCase() !== "identity") {
    return Effect.fail(problems.notMediaType(`The content encoding "${coding.slice(0, 100)}" is not understood`))
  }
  const announced = Number(request.headers.get("content-length") ?? 0)
  if (announced > limits.bytes) return Effect.fail(problems.tooLarge(limits.bytes))
  return readBytes(request, limits).pipe(
    Effect.flatMap((bytes) =>
      bytes.length === 0
        ? Effect.succeed({})
        : Effect.fromResult(Result.mapError(fromBytes(bytes), ({ detail }) => problems.invalidJson(detail)))
    ),
  )
}

const readBytes = (request: Request, limits: BodyLimits): Effect.Effect<Uint8Array, Problem> => {
  const { body } = request
  if (body === null) return Effect.succeed(new Uint8Array(0))
  if (request.bodyUsed) return Effect.fail(problems.invalidJson("something before the gateway has read it already"))
  return Effect.acquireUseRelease(
    Effect.sync(() => body.getReader()),
    (reader) => readAll(reader, limits.bytes),
    // what is left of a body that was refused is not read any more
    (reader) => Effect.sync(() => void reader.cancel().catch(() => {})),
  ).pipe(
    Effect.timeoutOrElse({ duration: limits.ms, orElse: () => Effect.fail(problems.bodyTimeout(limits.ms)) }),
  )
}

const readAll = Effect.fnUntraced(function* (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
): Effect.fn.Return<Uint8Array, Problem> {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for (;;) {
    const { done, value } = yield* Effect.tryPromise({
      try: () => reader.read(),
      catch: () => problems.invalidJson("it broke off"),
    })
    if (done) break
    size += value.length
    if (size > limit) return yield* Effect.fail(problems.tooLarge(limit))
    chunks.push(value)
  }
  return chunks.length === 1 ? chunks[0]! : joined(chunks, size)
})

const joined = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
