import pino, { type Logger } from 'pino'

export type Log = Logger

/** Log lines go to stderr as JSON, so that stdout stays the command's answer. */
export function createLog(level: string): Log {
  return pino({ level, base: undefined }, pino.destination({ dest: 2, sync: true }))
}

export const silentLog: Log = pino({ level: 'silent' })
