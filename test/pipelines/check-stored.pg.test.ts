import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { encodeModel } from '../../src/ml/model/model-file.ts'
import { checkStored } from '../../src/pipelines/check-stored.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { openRig, type Rig, snapshotSource } from '../features/rig.ts'
import { smallModel } from '../ml/small-model.ts'

let rig: Rig
beforeEach(async () => {
  rig = await openRig()
})
afterEach(() => rig.close())

test('F7, F8: everything stored is read, and each damaged or missing file is named with what brings it back', async () => {
  const tracking = createTracking({ sql: rig.db, objects: rig.objects, clock: rig.clock })
  const registry = createRegistry({ sql: rig.db, tracking, clock: rig.clock })
  const deps = { lake: rig.lake, objects: rig.objects, tracking, registry }
  const source = snapshotSource('fees', { id: 'String', fee: 'Float64' })
  const [first, second, third] = [
    await rig.deliverRows(source, '2024-01-31', [['a', 1]]),
    await rig.deliverRows(source, '2024-02-29', [['a', 2]]),
    await rig.deliverRows(source, '2024-03-31', [['a', 3]]),
  ]
  const model = Buffer.from(encodeModel(await smallModel({ trees: 2 })))
  const onnx = Buffer.from('an onnx file')
  const register = async (name: string) => {
    const run = await tracking.runs.create({ experimentId: '0' })
    await tracking.artifacts.putOfRun(run.runId, 'model/model.weir', model)
    await tracking.artifacts.putOfRun(run.runId, 'model/model.onnx', onnx)
    const tags = { 'weir.model_digest': sha256Hex(model), 'weir.onnx_digest': sha256Hex(onnx) }
    await tracking.logBatch(run.runId, { tags: Object.entries(tags).map(([key, value]) => ({ key, value })) })
    await registry.createModel({ name })
    await registry.createVersion({ name, source: `${run.artifactUri}/model`, runId: run.runId })
    return join(rig.dir, 'artifacts', run.artifactUri.replace(/^mlflow-artifacts:\/+/, ''), 'model')
  }
  const [whole, cut, none] = [await register('whole'), await register('cut'), await register('none')]
  const dataset = `datasets/${sha256Hex('set')}.parquet`
  await rig.objects.put(dataset, Buffer.from('set'))
  expect(await checkStored(deps)).toEqual({ snapshots: 3, datasets: 1, versions: 3, damage: [] })

  await writeFile(join(rig.dir, first.objectKey), 'other')
  await rm(join(rig.dir, second.objectKey))
  await rig.objects.put(dataset, Buffer.from('sat'))
  await writeFile(join(cut, 'model.onnx'), onnx.subarray(0, 5))
  await rm(join(none, 'model.weir'))
  const { damage } = await checkStored(deps)
  expect(damage.map(({ what, state }) => [what, state]).sort()).toEqual(
    [
      [`snapshot ${first.id}`, 'damaged'],
      [`snapshot ${second.id}`, 'missing'],
      [dataset, 'damaged'],
      ['cut version 1', 'damaged'],
      ['none version 1', 'missing'],
    ].sort(),
  )
  expect(damage.every(({ remedy }) => remedy.length > 0)).toBe(true)
  expect(JSON.stringify(damage)).not.toContain(third.id)
  expect(JSON.stringify(damage)).not.toContain(whole)
})
