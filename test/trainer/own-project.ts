import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, createApp } from '../../src/app.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { loadProject } from '../../src/config/load.ts'
import { readSettings } from '../../src/config/settings.ts'
import { floats, type GraphNode, TENSOR, type TensorType, writeOnnx } from '../../src/ml/model/onnx-proto.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

export const ROWS = 400
export const AS_OF = '2024-01-31'

/** Three features: a number, a number with nulls, a text. Who pays much for a month is gone. */
export const config = (trainer: object, extra = '') => `
import { defineProject } from 'weir'
export default defineProject({
  name: 'own_trainer',
  sources: { bills: { key: 'id', columns: { id: 'String', sum: 'Float64', months: 'Int64', plan: 'String', gone: 'Bool' } } },
  entities: { customer: { joinKeys: { id: 'String' } } },
  featureViews: { bill: { entity: 'customer', source: 'bills', features: { sum: 'Float64', months: 'Int64', plan: 'String' } } },
  featureServices: { f: ['bill'] },
  labels: { gone: { source: 'bills', column: 'gone', entity: 'customer' } },
  models: { churn: { experiment: 'churn', features: 'f', label: 'gone', split: { holdOut: 0.2 }, trainer: ${JSON.stringify(trainer)}${extra} } },
})
`

export const SCRIPT = fileURLToPath(new URL('./node-trainer.mjs', import.meta.url))

export type OwnProject = Awaited<ReturnType<typeof openOwnProject>>

/** A folder with the project, a database of its own and a delivery; apps of any variant of the project. */
export async function openOwnProject() {
  const dir = await mkdtemp(join(tmpdir(), 'weir-own-'))
  const database: TestDatabase = await testDatabase()
  const apps: App[] = []
  await mkdir(join(dir, 'data'))
  await copyFile(SCRIPT, join(dir, 'train.mjs'))
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const [sum, months, plan] = [(i * 7919) % 1000, i % 7 === 0 ? '' : i % 24, ['basic', 'more', 'all'][i % 3]]
    return `c${i},${sum}.5,${months},${plan},${sum > 600 || i % 11 === 0}\n`
  })
  await writeFile(join(dir, 'data', 'bills.csv'), `id,sum,months,plan,gone\n${rows.join('')}`)
  const env = { DATABASE_URL: database.url, WEIR_HOME: join(dir, 'home') }
  return {
    dir,
    database,
    env,
    async open(trainer: object, extra = ''): Promise<App> {
      await writeFile(join(dir, 'weir.config.ts'), config(trainer, extra))
      const settings = readSettings({ flags: {}, env, projectDir: dir })
      const app = await createApp({ settings, project: await loadProject(dir), clock: systemClock, log: silentLog })
      apps.push(app)
      return app
    },
    async end() {
      for (const app of apps) await app.close()
      await database.drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Of the matrix [N, columns] the logistic of a weighted sum; missing values count as 0. */
export function logisticOnnx(
  weights: readonly number[],
  { output = 'probabilities', input = 'x', columns = weights.length, width = 1, operator = 'Sigmoid' } = {},
): Uint8Array {
  const plain = (opType: string, inputs: string[], name: string): GraphNode => {
    return { name: `${opType}:${name}`, opType, domain: '', input: inputs, output: [name], attribute: [] }
  }
  const weightTensor = { ...floats('w', Float32Array.from(weights)), dims: [weights.length, 1] }
  return writeOnnx({
    irVersion: 8,
    producerName: 'test',
    opsetImport: [{ domain: '', version: 15 }],
    metadataProps: [],
    graph: {
      name: 'g',
      initializer: [weightTensor, { ...floats('zero', Float32Array.of(0)), dims: [1] }],
      input: [value(input, 'float', columns)],
      output: [value(output, 'float', width)],
      node: [
        plain('IsNaN', [input], 'missing'),
        plain('Where', ['missing', 'zero', input], 'known'),
        plain('MatMul', ['known', 'w'], 'total'),
        plain(operator, ['total'], output),
      ],
    },
  })
}

function value(name: string, type: TensorType, width: number) {
  const dim = [{ dimParam: 'N' }, { dimValue: width }]
  return { name, type: { tensorType: { elemType: TENSOR[type], shape: { dim } } } }
}
