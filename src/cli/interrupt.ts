import type { App } from '../app.ts'
import type { Context } from './context.ts'

/** A command that was ended by Ctrl-C or SIGTERM: no failure. One sentence, and the exit code that shells expect. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(signal: NodeJS.Signals, message: string) {
    super(message)
    this.name = 'Interrupted'
    this.exitCode = signal === 'SIGINT' ? 130 : 143
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

let signalledMs: number | undefined

/** What is left of the time for ending, which begins with the first signal, or now when none came: one time for all parts. */
export function leftToStop(stopMs: number, nowMs = performance.now(), sinceMs = signalledMs): number {
  return Math.max(0, stopMs - (nowMs - (sinceMs ?? nowMs)))
}

/** Resolves at the first Ctrl-C or SIGTERM. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        signalledMs ??= performance.now()
        for (const again of SIGNALS) process.once(again, () => process.exit(1))
        done(signal)
      })
    }
  })
}

/**
 * Runs `body` until a signal comes. Then nothing more is said by it or by the log, which would only tell how it is torn
 * apart; what becomes of the flows that it waited for is said instead. A signal for which `heeded` says true is left
 * to the body.
 */
export async function orInterrupted<T>(
  app: App,
  { log, out }: Context,
  stopped: Promise<NodeJS.Signals>,
  body: () => Promise<T>,
  heeded: () => boolean = () => false,
): Promise<T> {
  const interrupted = stopped.then((signal) => {
    if (heeded()) return new Promise<never>(() => {})
    log.level = 'silent'
    out.mute()
    throw new Interrupted(signal, whatBecomesOf(app.flows.unfinished()))
  })
  return Promise.race([body(), interrupted])
}

function whatBecomesOf(runs: { runId: string; flow: string }[]): string {
  if (runs.length === 0) return 'interrupted'
  const named = runs.map(({ runId, flow }) => `${runId} (${flow})`).join(', ')
  return `interrupted; the run ${named} is kept: the same command resumes it, and so does a worker`
}

/** What a server or a worker does on the way to being up; undefined when a signal came first. */
export async function startedOr<T>(stopped: Promise<NodeJS.Signals>, start: () => Promise<T>): Promise<T | undefined> {
  const started = start()
  // What fails because we end is nobody's news.
  started.catch(() => {})
  return Promise.race([started, stopped.then(() => undefined)])
}
