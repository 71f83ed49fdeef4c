import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Missing } from './needs.ts'
import { answering, freePort } from './programs.ts'

/** The program `versitygw` (github.com/versity/versitygw), an S3 server over a folder; `.ci/run` builds it. */
const PROGRAM = process.env.WEIR_VERSITYGW

/** Whether tests with S3 can run; in CI they must. */
export const hasS3 = Boolean(PROGRAM) || process.env.CI === 'true'

export function missingS3(): Missing {
  return PROGRAM ? undefined : { what: 'WEIR_VERSITYGW names no versitygw program, an S3 server' }
}

export type S3Server = { env: Record<string, string>; newBucket(): Promise<string>; stop(): Promise<void> }

/** A real S3 server on loopback, its address and credentials in the AWS variables that `env` has. */
export async function startS3(): Promise<S3Server> {
  if (!PROGRAM) throw new Error('WEIR_VERSITYGW must name the versitygw program')
  const dir = await mkdtemp(join(tmpdir(), 'weir-s3-'))
  const port = await freePort()
  const access = { ROOT_ACCESS_KEY: 'tester', ROOT_SECRET_KEY: 'tester-secret' }
  const args = ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', dir]
  const child = spawn(PROGRAM, args, { env: { ...process.env, ...access }, stdio: 'ignore' })
  await answering(child, `http://127.0.0.1:${port}/`).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  let buckets = 0
  return {
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: access.ROOT_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: access.ROOT_SECRET_KEY,
    },
    async newBucket() {
      const name = `bucket-${++buckets}`
      await mkdir(join(dir, name))
      return name
    },
    async stop() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(dir, { recursive: true, force: true })
    },
  }
}
