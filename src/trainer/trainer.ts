/**
 * A command of the project that learns outside of Weir: started without a shell, followed while it works, and ended with all
 * that it started.
 *
 * Owns nothing but the command's temporary folder, which its caller makes. It knows nothing of models. Invariants:
 * - No caller names a command, an argument or a variable: they come from the project file alone.
 * - The command finds in its environment what it is given, and nothing of Weir's own secrets.
 * - When it is over, in whatever way, also by the death of this process, nothing of its process group runs.
 * - What it says is kept to a bound, and one that says more than a bound is ended.
 */
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { compiledUrl } from '../base/compiled-url.ts'
import { withinMs } from '../base/within.ts'
import { type BoundedLog, createBoundedLog } from './bounded-log.ts'

export { type BoundedLog, createBoundedLog }

export type TrainerCommand = {
  command: readonly string[]
  cwd: string
  env: Readonly<Record<string, string>>
  /** Removed when the command is over, also when this process is. */
  folder: string
  timeoutMs: number
  /** Of both its streams together. */
  outputBytesMax: number
  log: BoundedLog
  /** Told each line that it says, without its end. */
  onLine(line: string): void
  signal?: AbortSignal
}

export type Ended =
  | { kind: 'exit'; code: number }
  | { kind: 'signal'; signal: string }
  | { kind: 'not_started'; reason: string }
  | { kind: 'timeout' }
  | { kind: 'flood' }
  | { kind: 'stopped' }

/** What it is given between being asked to end and being made to. */
export const GRACE_MS = 5_000
/** What it said last is read for so long after its end: a process that left its group may hold the stream open. */
const DRAIN_MS = 1_000
const LINE_CHARS_MAX = 500

export async function runTrainer(given: TrainerCommand): Promise<Ended> {
  const { command, cwd, env, folder, timeoutMs, outputBytesMax, log, onLine, signal } = given
  const supervisor = fileURLToPath(compiledUrl('./supervise.ts', import.meta.url))
  // Its own input is a pipe from here: when that ends, whatever the reason, it ends the command.
  const child = spawn(process.execPath, [supervisor, String(GRACE_MS), folder, ...command], {
    cwd,
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // A Ctrl-C in a terminal is for this process to hear; it then ends the command.
    detached: true,
  })
  let why: 'timeout' | 'flood' | 'stopped' | undefined
  const end = (reason: typeof why) => {
    why ??= reason
    child.stdin.end()
  }
  child.stdin.on('error', () => {})
  const timer = setTimeout(() => end('timeout'), timeoutMs)
  const onAbort = () => end('stopped')
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  let bytes = 0
  for (const stream of [child.stdout, child.stderr]) {
    const lines = splitLines(onLine)
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > outputBytesMax) return end('flood')
      log.add(chunk)
      lines(chunk)
    })
  }
  try {
    const report = text(child.stdio[3] as Readable).catch(() => '')
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => resolve())
      child.once('error', reject)
    })
    await withinMs('what the trainer said last', DRAIN_MS, () => closed).catch(() => {})
    const told = await withinMs('how the trainer ended', DRAIN_MS, () => report).catch(() => '')
    return why === undefined ? endedOf(told) : { kind: why }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    for (const stream of child.stdio) stream?.destroy()
  }
}

/** What the supervisor writes before it ends; nothing when it was killed itself. */
export type Report = { code: number | null; signal: string | null; error?: string }

function endedOf(told: string): Ended {
  if (told === '') return { kind: 'signal', signal: 'SIGKILL of what watches it' }
  const { code, signal, error } = JSON.parse(told) as Report
  if (error !== undefined) return { kind: 'not_started', reason: error }
  return signal !== null ? { kind: 'signal', signal } : { kind: 'exit', code: code ?? 1 }
}

function splitLines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let open = ''
  return (chunk) => {
    const lines = (open + chunk.toString('utf8')).split(/\r\n|\r|\n/)
    open = (lines.pop() ?? '').slice(0, LINE_CHARS_MAX)
    for (const line of lines) if (line !== '') onLine(line.slice(0, LINE_CHARS_MAX))
  }
}
