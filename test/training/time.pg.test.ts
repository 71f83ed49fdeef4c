import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { FEBRUARY, JANUARY, loadStreamflow } from '../features/real-data.ts'
import { realMonths, someMonths } from '../helpers/real-data.ts'
import { openTrainingRig, type TrainingRig, train } from './rig.ts'

/** The reference project from files to versions, as time goes on: the real months where they are, else generated ones. */
describe(`a training as of January on ${realMonths() ? 'the real months' : 'generated months'}`, () => {
  let rig: TrainingRig
  let dir: string
  let months: string
  let first: Awaited<ReturnType<typeof train>>

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-training-'))
    months = await someMonths(join(dir, 'generated'))
    rig = await openTrainingRig(await loadStreamflow())
    await rig.ingest.ingestMonth({ dir: join(months, 'month_000'), asOf: JANUARY })
    first = await train(rig.training, { ...REQUEST, threads: 2 })
  })
  afterAll(async () => {
    await rig.close()
    await rm(dir, { recursive: true, force: true })
  })

  it('learns from all 7,043 rows and 14 features, and reaches the AUC that was promised', () => {
    const { trainRows, testRows, metrics, encoder, rows } = first.fit
    console.log(`${realMonths() ? 'real' : 'generated'} January:`, metrics)
    expect({ rows, trainRows, testRows }).toEqual({ rows: 7043, trainRows: 5282, testRows: 1761 })
    expect(encoder.inputs).toHaveLength(14)
    expect(encoder.inputs.filter((input) => input.type === 'String').map((input) => input.name)).toEqual([
      'net_service',
    ])
    expect(encoder.columns).toHaveLength(16)
    expect(metrics.val_auc).toBeGreaterThanOrEqual(0.812)
  })

  it.each([1, 2])('gives the same bytes with %i threads', async (threads) => {
    expect(await trained({ threads, knownAt: first.pinned.knownAt })).toEqual(outcomeOf(first))
  })

  it('gives the same bytes when February has come; others after a correction, unless K is before it', async () => {
    await rig.ingest.ingestMonth({ dir: join(months, 'month_001'), asOf: FEBRUARY })
    expect(await trained()).toEqual(outcomeOf(first))

    const knownAt = await rig.lake.pinKnownAt()
    const report = await rig.ingest.ingestMonth({ dir: await correctedJanuary(), asOf: JANUARY })
    expect(report.sources.filter((s) => s.outcome !== 'unchanged')).toMatchObject([
      { source: 'usage_agg_30d', outcome: 'corrected', version: 2, rows: 7043 },
    ])
    const corrected = await trained()
    expect(corrected.trainingSet).not.toBe(first.dataset.digest)
    expect(await trained({ knownAt })).toEqual(outcomeOf(first))
    expect(await trained({ knownAt: first.pinned.knownAt })).toEqual(outcomeOf(first))
  })

  it('makes a version each time, and finds the newest of equal ones again', async () => {
    const request = { ...REQUEST, knownAt: first.pinned.knownAt }
    rig.clock.advance(1000)
    const later = await train(rig.training, request)
    expect(later.version.version).toBe(first.version.version + 1)
    expect(await rig.training.findTrained(later.pinned, later.dataset)).toMatchObject(later.version)
  })

  async function trained(more: { threads?: number; knownAt?: string } = {}) {
    const pinned = await rig.training.pin({ ...REQUEST, ...more })
    const dataset = await rig.training.buildDataset(pinned)
    return outcomeOf({ dataset, fit: await rig.training.fit(pinned, dataset) })
  }

  /** One value of the last customer is another. */
  async function correctedJanuary(): Promise<string> {
    const folder = join(dir, 'corrected')
    await cp(join(months, 'month_000'), folder, { recursive: true })
    const file = join(folder, 'usage_agg_30d.csv')
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    const cells = must(lines.pop()).split(',')
    const skips = lines[0]!.split(',').indexOf('skips_7d')
    cells[skips] = String(Number(cells[skips]) + 1)
    await rm(file)
    await writeFile(file, `${[...lines, cells.join(',')].join('\n')}\n`)
    return folder
  }
})

const REQUEST = { model: 'streamflow_churn', asOf: JANUARY }

/** Digests are of the bytes: training set, flat buffer, ONNX, and the evaluation. */
function outcomeOf({ dataset, fit }: Pick<Awaited<ReturnType<typeof train>>, 'dataset' | 'fit'>) {
  return {
    trainingSet: dataset.digest,
    model: fit.model.digest,
    onnx: fit.onnx.digest,
    evaluation: fit.evaluation.digest,
  }
}
