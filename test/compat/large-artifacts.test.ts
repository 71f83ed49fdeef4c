import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { testWith } from '../helpers/needs.ts'
import { hasS3, missingS3, type S3Server, startS3 } from '../helpers/s3.ts'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'
import { MLFLOW_CLIENTS, missingClient, runPython } from './clients.ts'

/** Large files in parts by the real clients: to a directory and to S3, which the clients cannot tell apart. */
const cases = MLFLOW_CLIENTS.flatMap((client) => [
  { client, kind: 'a directory', missing: missingClient(client) },
  { client, kind: 'S3', missing: missingClient(client) ?? missingS3() },
])

describe('large artifacts', () => {
  const known = { ...process.env }
  let s3: S3Server | undefined
  let folder: string
  beforeAll(async () => {
    if (hasS3) s3 = await startS3()
    Object.assign(process.env, s3?.env)
    folder = await mkdtemp(join(tmpdir(), 'weir-large-'))
  })
  afterAll(async () => {
    process.env = known
    await s3?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  for (const { client, kind, missing } of cases) {
    const { version } = client
    testWith(
      `of the client ${version} go to ${kind} and come back the same`,
      missing,
      async () => {
        const cwd = await mkdtemp(join(folder, 'client-'))
        const objects = kind === 'S3' ? `s3://${await s3!.newBucket()}` : undefined
        const rig: MlflowRig = await openMlflowRig({ objects })
        try {
          const asked: string[] = []
          rig.server.app.addHook('onRequest', async ({ method, routeOptions }) => {
            asked.push(`${method} ${(routeOptions.url ?? '').replace('/api/2.0/mlflow-artifacts/', '')}`)
          })
          const told = await runPython(client, './large_artifacts.py', { uri: await rig.server.listen(), cwd })
          const all = { 'large größe.bin': true, 'folder/exact.bin': true, 'small.bin': true, 'empty.bin': true }
          expect(told).toMatchObject({ mlflow: version, same: all })
          const times = (call: string) => asked.filter((one) => one === call).length
          expect(times('POST mpu/create/*')).toBe(2)
          expect(times('PUT mpu/part/*')).toBe(4 + 2)
          expect(times('POST mpu/complete/*')).toBe(2)
          expect(times('PUT artifacts/*')).toBe(2)
          // Only the 3.x client fetches in parts: 4 of one file, 2 and 1 of others, none of the empty one.
          if (version.startsWith('3.')) expect(times('GET presigned/*')).toBe(4)
        } finally {
          await rig.close()
        }
      },
      120_000,
    )
  }
})
