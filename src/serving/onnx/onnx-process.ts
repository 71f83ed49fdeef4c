/**
 * ONNX models that somebody else logged run in a process of their own, by the native ONNX Runtime: what crashes there takes
 * no server with it. Invariants:
 * - When the process ends, who waits is told at once; it starts again by itself, later each time that it ends soon, and
 *   opens what was open. Meanwhile a request is refused with the reason, and waits for nothing.
 * - A run that takes longer than a bound ends the process: native code cannot be stopped otherwise.
 * - It has nothing of this server's environment, and ends when the server does.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { compiledUrl } from '../../base/compiled-url.ts'
import { PlatformError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { OnnxValue, Tensor } from '../../ml/model/given/session.ts'
import { limitOf } from '../../wire/limits.ts'
import type { FromChild, ToChild } from './onnx-child.ts'

export type OnnxSession = {
  inputs: OnnxValue[]
  outputs: OnnxValue[]
  run(feeds: Tensor[], output: string): Promise<{ dims: number[]; values: Float64Array }>
  close(): void
}

export type OnnxProcess = {
  /** Refuses (unsupported) what ONNX Runtime does not open, and everything where it is not installed. */
  open(bytes: Uint8Array): Promise<OnnxSession>
  /** Undefined while it does not run. */
  pid(): number | undefined
  close(): void
}

const OPEN_MS = 60_000
const BACK_OFF_MS = { least: 100, most: 10_000 }
/** One that ran for so long before it ended begins anew with the shortest wait. */
const WELL_MS = 60_000

type Options = { log: Log; runMs?: number; has?: () => boolean }
type Waiting = { resolve: (told: FromChild) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }
type Call = ToChild extends infer T ? (T extends unknown ? Omit<T, 'call'> : never) : never

export function createOnnxProcess({ log, runMs = limitOf('onnxRunMs'), has = isInstalled }: Options): OnnxProcess {
  const open = new Map<number, Uint8Array>()
  const waiting = new Map<number, Waiting>()
  let child: ChildProcess | undefined
  let again: NodeJS.Timeout | undefined
  let [calls, ids, endings, startedMs] = [0, 0, 0, 0]
  /** Why nothing runs now. */
  let down: string | undefined
  let closed = false

  function start(): void {
    const started = fork(fileURLToPath(compiledUrl('./onnx-child.ts', import.meta.url)), [], {
      serialization: 'advanced',
      env: {},
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    child = started
    startedMs = performance.now()
    started.unref()
    started.channel?.unref()
    started.on('message', (told: FromChild) => {
      const one = waiting.get(told.call)
      if (!one) return
      settle(told.call)
      if (told.kind === 'failed') one.reject(unsupported(told.message))
      else one.resolve(told)
    })
    started.on('error', () => {})
    started.once('exit', (code, signal) => onEnd(started, signal ? `signal ${signal}` : `code ${code}`))
  }

  function onEnd(ended: ChildProcess, how: string): void {
    if (child !== ended) return
    child = undefined
    endings = performance.now() - startedMs > WELL_MS ? 1 : endings + 1
    const waitMs = Math.min(BACK_OFF_MS.least * 2 ** (endings - 1), BACK_OFF_MS.most)
    down ??= `the process that runs ONNX models ended (${how})`
    const told = gone()
    for (const [call, one] of waiting) {
      settle(call)
      one.reject(told)
    }
    if (closed) return
    log.error({ how, waitMs }, 'serving: the process that runs ONNX models ended; it starts again')
    again = setTimeout(() => void restart(), waitMs)
    again.unref()
  }

  async function restart(): Promise<void> {
    if (closed || open.size === 0) {
      down = undefined
      return
    }
    start()
    try {
      await Promise.all([...open].map(([id, bytes]) => ask({ kind: 'open', id, bytes }, OPEN_MS)))
      down = undefined
      log.info('serving: the process that runs ONNX models runs again')
    } catch (error) {
      // What opened before does not open now; where the process ended, its end starts it again.
      if (child !== undefined) log.error({ err: error }, 'serving: an ONNX model could not be opened again')
      if (child !== undefined) down = undefined
    }
  }

  function settle(call: number): void {
    clearTimeout(waiting.get(call)?.timer)
    waiting.delete(call)
  }

  function ask(message: Call, ms: number): Promise<FromChild> {
    return new Promise((resolve, reject) => {
      const call = ++calls
      const timer = setTimeout(() => {
        down ??= `an ONNX model did not answer within ${ms / 1000} s, and its process was ended`
        child?.kill('SIGKILL')
      }, ms)
      timer.unref()
      waiting.set(call, { resolve, reject, timer })
      child?.send({ ...message, call } as ToChild, (error) => {
        if (error && waiting.has(call)) {
          settle(call)
          reject(gone())
        }
      })
    })
  }

  const gone = () =>
    new PlatformError(
      'unavailable',
      `${down ?? 'the process that runs ONNX models is not there'}; it starts again, try later`,
    )

  async function run(id: number, feeds: Tensor[], output: string) {
    if (down !== undefined || child === undefined) throw gone()
    if (waiting.size >= limitOf('onnxWaiting'))
      throw new PlatformError(
        'unavailable',
        'the process that runs ONNX models has too many requests waiting (limit onnxWaiting); try later',
      )
    const told = await ask({ kind: 'run', id, feeds, output }, runMs)
    if (told.kind !== 'ran') throw unsupported(told.kind)
    return { dims: told.dims, values: told.values }
  }

  return {
    async open(bytes) {
      if (!has()) throw new PlatformError('unsupported', NOT_INSTALLED)
      if (down !== undefined) throw gone()
      if (child === undefined) start()
      const id = ++ids
      const told = await ask({ kind: 'open', id, bytes }, OPEN_MS)
      if (told.kind !== 'opened') throw unsupported(told.kind)
      open.set(id, bytes)
      const close = () => {
        if (open.delete(id) && child !== undefined && down === undefined)
          ask({ kind: 'close', id }, OPEN_MS).catch(() => {})
      }
      return { inputs: told.inputs, outputs: told.outputs, run: (feeds, output) => run(id, feeds, output), close }
    },
    pid: () => child?.pid,
    close() {
      closed = true
      clearTimeout(again)
      child?.kill('SIGKILL')
    },
  }
}

const NOT_INSTALLED =
  'it is an ONNX model that another program logged, and those are run by the optional package onnxruntime-node, which is not installed here; run: npm install onnxruntime-node@1.30.0'

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-node')
    return true
  } catch {
    return false
  }
}

function unsupported(message: string): PlatformError {
  return new PlatformError('unsupported', `ONNX Runtime says: ${message}`)
}
