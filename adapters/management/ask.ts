/**
 * One question to a management API: a GET, its JSON answer, and what every other answer means.
 *
 * Below `openManagement.ts`. Follows no redirect, which would carry the password elsewhere; reads at most so many bytes
 * and waits at most so long. Knows HTTP, and nothing of queues.
 */
import { Effect, Redacted } from "effect"
import {
  NotManagement,
  StewardError,
  type StewardReason,
  TooMuch,
  Unauthorized,
  Unreachable,
} from "../../src/transport/mod.ts"

/** Where an API is, and who asks. */
export interface Api {
  /** `http://host:15672`, without a slash at its end and without user and password. */
  readonly url: string
  readonly user: string
  readonly password: Redacted.Redacted<string>
  /** Bytes of an answer at most. */
  readonly bytes: number
  /** ms until an answer must have come. */
  readonly patience: number
}

/** What was answered. `status` is 200, 400 or 404; everything else has failed. */
export interface Answer {
  readonly status: number
  readonly json: unknown
}

/** Asks for a path, which begins with `/api/`. */
export const ask = (api: Api, path: string): Effect.Effect<Answer, StewardError> =>
  Effect.tryPromise({
    try: (signal) => get(api, path, signal),
    catch: (error) => isReason(error) ? error : unreachable(error),
  }).pipe(
    Effect.timeoutOrElse({
      duration: api.patience,
      orElse: () => Effect.fail(new Unreachable({ detail: `it did not answer within ${api.patience} ms` })),
    }),
    Effect.mapError((reason) => new StewardError({ operation: "survey", target: api.url, reason })),
  )

const get = async (api: Api, path: string, signal: AbortSignal): Promise<Answer> => {
  const response = await fetch(`${api.url}${path}`, {
    redirect: "manual",
    signal,
    headers: { accept: "application/json", authorization: basic(api) },
  })
  const { status } = response
  const type = response.headers.get("content-type") ?? "no content type"
  const refuse = async (reason: StewardReason): Promise<never> => {
    await response.body?.cancel()
    throw reason
  }
  if (status === 401 || status === 403) return await refuse(new Unauthorized({ user: api.user }))
  if (![200, 400, 404].includes(status)) {
    return await refuse(new NotManagement({ detail: `it answers with status ${status}` }))
  }
  if (!type.includes("json")) {
    return await refuse(new NotManagement({ detail: `it answers with status ${status} and ${type.slice(0, 80)}` }))
  }
  return { status, json: read(await limited(response, api.bytes)) }
}

/** The text of an answer; reading ends where it is too long, whatever its length was said to be. */
const limited = async (response: Response, most: number): Promise<string> => {
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let text = ""
  for (let size = 0; reader !== undefined;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > most) {
      await reader.cancel()
      throw new TooMuch({ detail: `more than ${most} bytes` })
    }
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotManagement({ detail: "its answer is no JSON" })
  }
}

const basic = ({ user, password }: Api): string => {
  const bytes = new TextEncoder().encode(`${user}:${Redacted.value(password)}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}

const reasons = ["Unauthorized", "NotManagement", "TooMuch"]

const isReason = (error: unknown): error is StewardReason =>
  reasons.includes(String((error as { readonly _tag?: unknown } | null)?._tag))

const unreachable = (error: unknown): Unreachable => {
  // the runtimes put the system's word in different places
  const { code, cause, message } = error as { readonly code?: unknown; readonly cause?: unknown; message?: unknown }
  const inner = cause as { readonly code?: unknown; readonly message?: unknown } | undefined
  const detail = [inner?.code, code, inner?.message, message].find((one) => typeof one === "string" && one !== "")
  return new Unreachable({ detail: String(detail ?? error) })
}
