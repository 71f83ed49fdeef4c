import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { learner as learnerShape } from '../../src/config/learner-shapes.ts'
import { gradientBoosting, randomForest } from '../../src/index.ts'
import type { Learner } from '../../src/ml/learn/learners.ts'
import { createEncoder, encodeColumns } from '../../src/ml/model/encoder.ts'
import { predictAll } from '../../src/ml/model/kinds.ts'
import { decodeModel } from '../../src/ml/model/model-file.ts'
import { frameOf } from '../../src/training/frame.ts'
import { JANUARY, loadStreamflow } from '../features/real-data.ts'
import { madeUpSql, openTrainingRig, type TrainingRig, train } from '../training/rig.ts'
import { MLFLOW_CLIENTS, testEachClient } from './clients.ts'

/** The model folder of a training, called through the real MLflow. */
const SCRIPT = fileURLToPath(new URL('./onnx_model.py', import.meta.url))
const run = promisify(execFile)

const LEARNERS: Learner[] = [
  randomForest({ trees: 50 }),
  gradientBoosting({ minSamplesLeaf: 5, earlyStopping: null, rounds: 80 }),
].map((learner) => learnerShape.parse(learner))

describe.each(LEARNERS)('the model folder of a training by $kind', (learner) => {
  let rig: TrainingRig
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-onnx-'))
    const project = await loadStreamflow()
    project.models[0]!.learner = learner
    rig = await openTrainingRig(project)
    for (const source of project.sources) await rig.deliver(source, JANUARY, madeUpSql(source, 900, 'january'))
    await writeFolder(rig, folder)
  })
  afterAll(async () => {
    await rig.close()
    await rm(folder, { recursive: true, force: true })
  })

  testEachClient(
    MLFLOW_CLIENTS,
    'gives our own probabilities through MLflow $version for every usual shape of data frame',
    async ({ variable }) => {
      const { stdout } = await run(must(process.env[variable]), [SCRIPT, folder], { cwd: folder })
      const { shapes } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { shapes: Record<string, number | string> }
      const wrong = Object.entries(shapes).filter(([, worst]) => typeof worst !== 'number' || worst > 1e-6)
      expect(wrong).toEqual([])
      expect(Object.keys(shapes)).toHaveLength(10)
    },
  )
})

/** The model as its run has it, its training set as Parquet and as the CSV that pandas would see, our own answers. */
async function writeFolder(rig: TrainingRig, folder: string): Promise<void> {
  const request = { model: 'streamflow_churn', asOf: JANUARY, threads: 2 }
  const { dataset, run: logged, fit, pinned } = await train(rig.training, request)
  await mkdir(join(folder, 'model'))
  const { files } = await rig.tracking.artifacts.listOfRun(logged.runId, 'model')
  for (const { path } of files) {
    await writeFile(join(folder, path), await rig.tracking.artifacts.read(logged.artifactUri, path))
  }
  await writeFile(join(folder, 'dataset.parquet'), await rig.objects.get(dataset.objectKey))
  await writeFile(join(folder, 'raw.csv'), await csvOf(rig, await rig.objects.local(dataset.objectKey)))

  const features = pinned.definitions.service.features.map((f) => f.feature)
  const data = await rig.features(rig.project).readTrainingSet(dataset)
  const frame = frameOf(data, { features, label: dataset.label, weight: null, predicts: null, positive: null })
  const { learned } = decodeModel(await rig.objects.get(fit.model.objectKey))
  const matrix = encodeColumns(createEncoder(fit.encoder), frame.inputs, frame.rows)
  await writeFile(join(folder, 'probabilities.json'), JSON.stringify([...predictAll(learned, matrix)]))
}

/** True and False as the raw files have them, fractions with more digits than a float32. */
async function csvOf(rig: TrainingRig, parquet: string): Promise<string> {
  const rows = await rig.duck.rows(`SELECT * EXCLUDE (event_timestamp) FROM read_parquet('${parquet}')`)
  const text = (value: unknown) => {
    if (value === null) return ''
    return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
  }
  const lines = rows.map((row) => Object.values(row).map(text).join(','))
  return `${[Object.keys(rows[0]!).join(','), ...lines].join('\n')}\n`
}
