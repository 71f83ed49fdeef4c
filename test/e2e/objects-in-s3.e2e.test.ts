import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { testWith } from '../helpers/needs.ts'
import { hasS3, missingS3, type S3Server, startS3 } from '../helpers/s3.ts'
import { openPlace } from './weir.ts'

let s3: S3Server
let place: Awaited<ReturnType<typeof openPlace>>
beforeAll(async () => {
  if (!hasS3) return
  s3 = await startS3()
  place = await openPlace({ ...s3.env, WEIR_OBJECTS: `s3://${await s3.newBucket()}/weir` })
})
afterAll(async () => {
  await place?.end()
  await s3?.stop()
})

testWith(
  'the whole job with its objects in S3; what is kept of them here may go',
  missingS3(),
  async () => {
    const project = await place.project()
    const data = join(place.dir, 'data')
    await writeMonths(data, 1)
    const weir = async (...args: string[]) => (await place.run(...args, '--project', project, '--json')).stdout
    await weir('ingest', join(data, 'month_000'), '--as-of', '2024-01-31')
    await weir('materialize', '--as-of', '2024-01-31')
    const trained = JSON.parse(await weir('train', 'streamflow_churn', '--as-of', '2024-01-31'))
    await weir('promote', 'streamflow_churn', '1', '--stage', 'Production')
    const before = JSON.parse(await weir('predict', 'streamflow_churn', '7590-VHVEG'))
    const home = join(place.dir, 'home')
    // Nothing but the cache is here: the snapshots and the training set, which DuckDB has read.
    expect((await readdir(home)).includes('objects')).toBe(false)
    expect((await readdir(join(home, 'cache'))).sort()).toEqual(expect.arrayContaining(['datasets', 'snapshots']))

    await rm(join(home, 'cache'), { recursive: true })
    expect(JSON.parse(await weir('predict', 'streamflow_churn', '7590-VHVEG'))).toEqual(before)

    // From the first known moment on, the same training set comes to the same bytes.
    const dataset = async (name: string) => {
      const out = join(place.dir, name)
      await weir('dataset', 'streamflow_churn', '--as-of', '2024-01-31', '--known-at', trained.knownAt, '--out', out)
      return readFile(out)
    }
    const one = await dataset('one.parquet')
    await rm(join(home, 'cache'), { recursive: true })
    expect((await dataset('two.parquet')).equals(one)).toBe(true)
  },
  180_000,
)
