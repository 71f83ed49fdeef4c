import pino, { type Logger } from 'pino'
import { requestIdNow } from './request-id.ts'

export type Log = Logger

/** Log lines go to stderr as JSON, so that stdout stays the command's answer. */
export function createLog(level: string): Log {
  return pino({ level, base: undefined, mixin: ofRequest }, pino.destination({ dest: 2, sync: true }))
}

/** A line that is written while a request is answered says which. */
export function ofRequest(): object {
  const requestId = requestIdNow()
  return requestId === null ? {} : { requestId }
}

export const silentLog: Log = pino({ level: 'silent' })
