/** The thread of an ONNX model; see session.ts. It answers each message once, and says so by `control`. */
import { workerData } from 'node:worker_threads'
import * as ort from 'onnxruntime-web'
import type { FromSession, OnnxValue, SessionData, Tensor, ToSession } from './session.ts'

const { control, port, bytes } = workerData as SessionData
/** More would give other sums. */
ort.env.wasm.numThreads = 1
ort.env.logLevel = 'fatal'

const answer = (message: FromSession) => {
  port.postMessage(message)
  Atomics.store(control, 0, 1)
  Atomics.notify(control, 0)
}

const failed = (error: unknown): FromSession => {
  const text = error instanceof Error ? error.message : String(error)
  return { kind: 'failed', message: text.slice(0, 1000) }
}

const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] }).catch((error: unknown) => {
  answer(failed(error))
  return undefined
})

if (session) {
  port.on('message', ({ feeds, output }: ToSession) => {
    const tensors = Object.fromEntries(feeds.map((feed) => [feed.name, tensorOf(feed)]))
    session.run(tensors, [output]).then(
      (found) => {
        const { data, dims } = found[output]!
        const values = Float64Array.from(data as ArrayLike<number>, Number)
        answer({ kind: 'ran', output: { dims: [...dims], values } })
      },
      (error: unknown) => answer(failed(error)),
    )
  })
  answer({ kind: 'open', inputs: values(session.inputMetadata), outputs: values(session.outputMetadata) })
}

function values(found: readonly ort.InferenceSession.ValueMetadata[]): OnnxValue[] {
  return found.map((value) =>
    value.isTensor
      ? { name: value.name, type: value.type, shape: value.shape.map(dimension) }
      : { name: value.name, type: 'no tensor', shape: [] },
  )
}

/** One that has no name and no size is -1, of which some versions make the greatest number of 32 bits. */
function dimension(size: number | string): number | string {
  return typeof size === 'number' && (size < 0 || size >= 2 ** 31) ? '?' : size
}

function tensorOf({ type, data, dims }: Tensor): ort.Tensor {
  return new ort.Tensor(type, data as never, dims)
}
