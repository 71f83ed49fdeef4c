/**
 * Stands between Weir and a trainer: starts it in a process group of its own, and ends the whole group when the trainer is
 * over, when it is asked to, or when Weir is gone, which the end of its input tells. Arguments: GRACE_MS FOLDER PROGRAM ARG…
 */
import { spawn } from 'node:child_process'
import { rmSync, writeSync } from 'node:fs'
import type { Report } from './trainer.ts'

const [grace = '0', folder = '', program = '', ...args] = process.argv.slice(2)
const REPORT = 3

const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true })

const signalGroup = (signal: NodeJS.Signals) => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // Nobody is left in it.
  }
}

let asked = false
function stop(): void {
  if (asked) return
  asked = true
  signalGroup('SIGTERM')
  setTimeout(() => signalGroup('SIGKILL'), Number(grace))
}

function finish(report: Report): void {
  signalGroup('SIGKILL')
  try {
    writeSync(REPORT, JSON.stringify(report))
  } catch {
    // Weir is gone.
  }
  if (folder !== '') rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}

child.once('error', (error) => finish({ code: null, signal: null, error: error.message }))
child.once('exit', (code, signal) => finish({ code, signal }))
process.stdin.on('end', stop).on('error', stop).resume()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
