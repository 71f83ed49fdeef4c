import { afterEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { TENSOR, writeOnnx } from '../../src/ml/model/onnx-proto.ts'
import { plainNode } from '../../src/ml/model/onnx-trees.ts'
import { createOnnxProcess, type OnnxProcess } from '../../src/serving/onnx/onnx-process.ts'

const value = (name: string) => {
  return { name, type: { tensorType: { elemType: TENSOR.float, shape: { dim: [{ dimParam: 'N' }] } } } }
}
/** y = -x. */
const FILE = writeOnnx({
  irVersion: 8,
  producerName: 'test',
  opsetImport: [{ domain: '', version: 15 }],
  metadataProps: [],
  graph: {
    name: 'negative',
    input: [value('x')],
    output: [value('y')],
    initializer: [],
    node: [plainNode('Neg', ['x'], 'y')],
  },
})

let onnx: OnnxProcess
afterEach(() => onnx.close())

async function opened(options: { runMs?: number } = {}) {
  onnx = createOnnxProcess({ log: silentLog, ...options })
  const session = await onnx.open(FILE)
  const run = async (x: number) => [
    ...(await session.run([{ name: 'x', type: 'float32', dims: [1], data: Float32Array.of(x) }], 'y')).values,
  ]
  return { session, run }
}

/** Until it answers again; in between it says why it does not. */
async function recovered(run: (x: number) => Promise<number[]>): Promise<string[]> {
  const said: string[] = []
  for (;;) {
    try {
      expect(await run(2)).toEqual([-2])
      return said
    } catch (error) {
      said.push((error as Error).message)
      await new Promise(setImmediate)
    }
  }
}

test('a model is opened and run in another process', async () => {
  const { session, run } = await opened()
  expect(session.inputs).toEqual([{ name: 'x', type: 'float32', shape: ['N'] }])
  expect(await run(1)).toEqual([-1])
  expect(onnx.pid()).not.toBe(process.pid)
})

test('when the process ends, who waits is told at once with the reason, and it starts again by itself with what was open', async () => {
  const { run } = await opened()
  const before = onnx.pid()!
  process.kill(before, 'SIGSTOP')
  const waits = run(1)
  process.kill(before, 'SIGKILL')
  await expect(waits).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('signal SIGKILL') })
  await expect(run(1)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('it starts again'),
  })
  await recovered(run)
  expect(onnx.pid()).not.toBe(before)
})

test('a run that takes longer than the bound ends the process, and the next one is answered', async () => {
  const { run } = await opened({ runMs: 200 })
  process.kill(onnx.pid()!, 'SIGSTOP')
  await expect(run(1)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('did not answer within'),
  })
  await recovered(run)
})

test('where ONNX Runtime is not installed, opening a model says what to install', async () => {
  onnx = createOnnxProcess({ log: silentLog, has: () => false })
  await expect(onnx.open(FILE)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('npm install onnxruntime-node'),
  })
  expect(onnx.pid()).toBeUndefined()
})

test('what is no model is refused, and the others go on', async () => {
  const { run } = await opened()
  await expect(onnx.open(Buffer.from('no model'))).rejects.toMatchObject({ code: 'unsupported' })
  expect(await run(3)).toEqual([-3])
})
