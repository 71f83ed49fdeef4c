import { AsyncLocalStorage } from 'node:async_hooks'
import type { Log } from './log.ts'

/** A line that tells what a piece of work does. Never with a key or a value of a person. */
export type Line = { level: 'info' | 'warn' | 'error'; text: string }

type OnLine = (line: Line) => void

const telling = new AsyncLocalStorage<OnLine>()

/** Whatever `body` does, and calls, tells its lines to `onLine`. */
export function withLines<T>(onLine: OnLine, body: () => T): T {
  return telling.run(onLine, body)
}

/** Whom to tell the lines of this work: asked once where the work begins, as `progress()` is. */
export function lines(): OnLine {
  return telling.getStore() ?? (() => {})
}

const MEMBERS_MAX = 20
const LEVELS = ['info', 'warn', 'error'] as const

/** The same log, of which the work that is followed by `withLines` keeps a copy, whatever the level of the log is. */
export function keptLog(log: Log): Log {
  const kept: Log = Object.create(log)
  for (const level of LEVELS) {
    const write = log[level].bind(log) as (...args: unknown[]) => void
    kept[level] = ((...args: unknown[]) => {
      telling.getStore()?.({ level, text: textOf(args) })
      write(...args)
    }) as Log[typeof level]
  }
  return kept
}

/** What pino was given, as one line: the sentence, then what is said of it. */
function textOf([first, second]: unknown[]): string {
  if (typeof first === 'string') return first
  const said = typeof second === 'string' ? second : ''
  if (first instanceof Error) return [said, first.message].filter(Boolean).join(': ')
  if (typeof first !== 'object' || first === null) return said
  const members = Object.entries(first)
    .slice(0, MEMBERS_MAX)
    .flatMap(([name, value]) => memberOf(name, value))
  return [said, ...members].filter(Boolean).join(' ')
}

function memberOf(name: string, value: unknown): string[] {
  if (value instanceof Error) return [`${name}=${value.message}`]
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? [`${name}=${value}`] : []
}
