/** The process in which ONNX models run (onnx-process.ts): it knows nothing but models and tensors, and ends with its parent. */
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { OnnxValue, Tensor } from '../../ml/model/given/session.ts'

export type ToChild =
  | { call: number; kind: 'open'; id: number; bytes: Uint8Array }
  | { call: number; kind: 'run'; id: number; feeds: Tensor[]; output: string }
  | { call: number; kind: 'close'; id: number }

export type FromChild =
  | { call: number; kind: 'opened'; inputs: OnnxValue[]; outputs: OnnxValue[] }
  | { call: number; kind: 'ran'; dims: number[]; values: Float64Array }
  | { call: number; kind: 'closed' }
  | { call: number; kind: 'failed'; message: string }

const sessions = new Map<number, Promise<InferenceSession>>()
/** One thing after another: a session is not closed while it runs. */
let last: Promise<unknown> = Promise.resolve()

process.on('message', (message: ToChild) => {
  last = last
    .then(() => answer(message))
    .then(
      (told) => process.send?.(told),
      (error: unknown) => {
        const told = error instanceof Error ? error.message : String(error)
        process.send?.({ call: message.call, kind: 'failed', message: told.slice(0, 2_000) } satisfies FromChild)
      },
    )
})
process.on('disconnect', () => process.exit(0))

async function answer(message: ToChild): Promise<FromChild> {
  const { call, id } = message
  switch (message.kind) {
    case 'open': {
      const { InferenceSession } = await import('onnxruntime-node')
      const options = {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3 as const,
      }
      const opened = InferenceSession.create(message.bytes, options)
      sessions.set(id, opened)
      const session = await opened
      return {
        call,
        kind: 'opened',
        inputs: valuesOf(session.inputMetadata),
        outputs: valuesOf(session.outputMetadata),
      }
    }
    case 'run': {
      const { Tensor: Made } = await import('onnxruntime-node')
      const session = await sessions.get(id)
      if (session === undefined) throw new Error('the session is closed')
      const feeds = Object.fromEntries(
        message.feeds.map(({ name, type, data, dims }) => [
          name,
          new Made(type as 'float32', data as Float32Array, dims),
        ]),
      )
      const { [message.output]: output } = await session.run(feeds, [message.output])
      const { dims, data } = output as OrtTensor
      return { call, kind: 'ran', dims: [...dims], values: Float64Array.from(data as Float32Array, Number) }
    }
    case 'close': {
      const session = await sessions.get(id)?.catch(() => undefined)
      sessions.delete(id)
      await session?.release()
      return { call, kind: 'closed' }
    }
  }
}

function valuesOf(metadata: readonly InferenceSession.ValueMetadata[]): OnnxValue[] {
  return metadata.map((value) =>
    value.isTensor
      ? { name: value.name, type: value.type, shape: [...value.shape] }
      : { name: value.name, type: 'no tensor', shape: [] },
  )
}
