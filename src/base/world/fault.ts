import type { ErrorCode } from '../errors.ts'

/** What happened to us, and what somebody can do about it: two halves of one sentence. */
export type Fault = {
  code: ErrorCode
  /** With the path, the address or the driver's words: for commands and the log. */
  says: string
  /** The same without them, for callers over HTTP. */
  toCallers: string
  todo: string
  /** Whether the connection is lost: what was asked over it may or may not have been done. */
  lost?: boolean
}

export type Thrown = {
  name: string
  message: string
  code: string
  syscall: string
  /** The object itself, for what only one recogniser knows. */
  raw: Record<string, unknown>
}

/** Looks at one thrown thing; undefined when it is none of its own. `asked` names who was spoken to. */
export type Recogniser = (thrown: Thrown, asked: string | undefined) => Fault | undefined

/** The first line of what a driver says, not endless. */
export function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 300)
}
