/**
 * An ONNX model of somebody else's, run by ONNX Runtime in WebAssembly: it reaches no file, no network and no memory but its
 * own. It runs in a thread of its own, for which the caller waits, as it would for a walk over trees: so the answer is
 * there when the call returns, and a model that never ends is ended, and its caller told.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { compiledUrl } from '../../../base/compiled-url.ts'
import { PlatformError } from '../../../base/errors.ts'

export const ONNX_TYPES = ['float32', 'float64', 'int64', 'int32', 'bool', 'string'] as const
export type OnnxType = (typeof ONNX_TYPES)[number]

/** As the model's file has it: a dimension is a number, or the name of a free one. */
export type OnnxValue = { name: string; type: string; shape: (number | string)[] }

export type Tensor = { name: string; type: OnnxType; dims: number[]; data: TensorData }
export type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | string[]

export type FromSession =
  | { kind: 'open'; inputs: OnnxValue[]; outputs: OnnxValue[] }
  | { kind: 'ran'; output: { dims: number[]; values: Float64Array } }
  | { kind: 'failed'; message: string }
export type ToSession = { feeds: Tensor[]; output: string }

export type Session = {
  inputs: OnnxValue[]
  outputs: OnnxValue[]
  /** One output, its numbers as doubles. */
  run(feeds: Tensor[], output: string): { dims: number[]; values: Float64Array }
  close(): void
}

/** Reading a file of 200 MB takes seconds. */
const OPEN_MS = 60_000
const RUN_MS = 30_000
/** What a thread may take beside the memory of WebAssembly. */
const HEAP_MB = 512

/** Refuses (unsupported) what ONNX Runtime does not open. */
export function openSession(bytes: Uint8Array, limits: { openMs?: number; runMs?: number } = {}): Session {
  const { openMs = OPEN_MS, runMs = RUN_MS } = limits
  const control = new Int32Array(new SharedArrayBuffer(4))
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(compiledUrl('./session-worker.ts', import.meta.url), {
    workerData: { control, port: port2, bytes },
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  // What happens to it is told by what it does not answer.
  worker.on('error', () => {})
  worker.unref()
  port1.unref()
  let ended: string | undefined
  const close = (why = 'it was closed') => {
    ended ??= why
    port1.close()
    void worker.terminate()
  }
  const answer = (ms: number): FromSession => {
    if (Atomics.wait(control, 0, 0, ms) === 'timed-out') {
      const message = `the ONNX model did not answer within ${ms / 1000} s, and was ended`
      close(message)
      throw new PlatformError('unsupported', message)
    }
    return (receiveMessageOnPort(port1) as { message: FromSession }).message
  }
  const opened = answer(openMs)
  if (opened.kind !== 'open') {
    close()
    const why = opened.kind === 'failed' ? opened.message : opened.kind
    throw new PlatformError('unsupported', `ONNX Runtime cannot open the model: ${why}`)
  }
  return {
    inputs: opened.inputs,
    outputs: opened.outputs,
    run(feeds, output) {
      if (ended !== undefined) throw new PlatformError('unsupported', ended)
      Atomics.store(control, 0, 0)
      port1.postMessage({ feeds, output } satisfies ToSession)
      const ran = answer(runMs)
      if (ran.kind === 'ran') return ran.output
      const why = ran.kind === 'failed' ? ran.message : ran.kind
      throw new PlatformError('unsupported', `the ONNX model cannot be run: ${why}`)
    },
    close,
  }
}

export type SessionData = { control: Int32Array; port: MessagePort; bytes: Uint8Array }
