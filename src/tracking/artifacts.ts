import type { Readable } from 'node:stream'
import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import type { ObjectBody, ObjectStore, UploadedPart } from '../lake/objects.ts'
import { checkArtifactPath, proxyPathOf } from './artifact-uri.ts'
import { selectRun } from './queries/runs.ts'

export type ArtifactFile = { path: string; isDir: boolean; bytes: number | null }

const PREFIX = 'artifacts'

/** What a directory says of a file where a folder should be, or the other way round. */
const IN_THE_WAY = new Set(['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY'])

/** Artifacts of runs, in the object store below `artifacts/`; a path is checked before it is used (artifact-uri.ts). */
export function createArtifacts({ sql, objects }: { sql: Sql; objects: ObjectStore }) {
  async function uriOf(runId: string): Promise<string> {
    const run = await selectRun(sql, runId)
    if (!run) throw new PlatformError('not_found', `Run with id=${runId.slice(0, 64)} not found`)
    return run.artifact_uri
  }

  /** Files and folders directly below a path of the proxy; empty for a file or nothing. */
  async function list(proxyPath: string): Promise<ArtifactFile[]> {
    const path = proxyPath.replace(/\/$/, '')
    const folder = path === '' ? PREFIX : `${PREFIX}/${checkArtifactPath(path)}`
    return (await objects.folder(folder)).map(({ name, bytes }) => ({ path: name, isDir: bytes === null, bytes }))
  }

  /** The same for a run, with paths relative to its artifact root. */
  async function listOfRun(runId: string, path = ''): Promise<{ rootUri: string; files: ArtifactFile[] }> {
    const rootUri = await uriOf(runId)
    return { rootUri, files: await listBelow(rootUri, path) }
  }

  /** The same for any artifact root of this server. */
  async function listBelow(rootUri: string, path = ''): Promise<ArtifactFile[]> {
    const asked = path.replace(/\/$/, '')
    const folder = asked === '' ? '' : `${checkArtifactPath(asked)}/`
    const files = await list(`${proxyPathOf(rootUri)}${folder === '' ? '' : `/${folder.slice(0, -1)}`}`)
    return files.map((file) => ({ ...file, path: `${folder}${file.path}` }))
  }

  /** Throws when there is no such file; a folder is none. */
  async function stat(proxyPath: string): Promise<{ bytes: number }> {
    const path = checkArtifactPath(proxyPath)
    const found = await objects.stat(`${PREFIX}/${path}`)
    if (found) return { bytes: found.bytes }
    const shown = path.slice(0, 200)
    if ((await list(path)).length > 0) throw new PlatformError('invalid_argument', `'${shown}' is a directory`)
    throw new PlatformError('not_found', `No such artifact: '${shown}'`)
  }

  /** The bytes, or those from `start` to `end`, both inclusive. */
  async function stream(proxyPath: string, range?: { start: number; end: number }): Promise<Readable> {
    return objects.stream(`${PREFIX}/${checkArtifactPath(proxyPath)}`, range)
  }

  async function put(proxyPath: string, body: ObjectBody): Promise<void> {
    const path = checkArtifactPath(proxyPath)
    await objects.put(`${PREFIX}/${path}`, body).catch((error: NodeJS.ErrnoException) => {
      if (!IN_THE_WAY.has(error.code ?? '')) throw error
      const message = `'${path.slice(0, 200)}' is a folder, or a part of it is a file; choose another path`
      throw new PlatformError('invalid_argument', message, { cause: error })
    })
  }

  /** A file, or everything below a folder; no complaint when there is neither. */
  async function remove(proxyPath: string): Promise<void> {
    for (const { key } of await objects.list(`${PREFIX}/${checkArtifactPath(proxyPath)}`)) await objects.delete(key)
  }

  const keyOf = (proxyPath: string) => `${PREFIX}/${checkArtifactPath(proxyPath)}`
  const { uploads } = objects

  return {
    /** Files that arrive in parts (lake/objects.ts), by their path of the proxy. */
    uploads: {
      create: (proxyPath: string) => uploads.create(keyOf(proxyPath)),
      part: (proxyPath: string, uploadId: string, number: number, body: AsyncIterable<Uint8Array>) =>
        uploads.part(keyOf(proxyPath), uploadId, number, body),
      complete: (proxyPath: string, uploadId: string, parts: readonly UploadedPart[], bytesMax: number) =>
        uploads.complete(keyOf(proxyPath), uploadId, parts, bytesMax),
      abort: (proxyPath: string, uploadId: string) => uploads.abort(keyOf(proxyPath), uploadId),
    },
    list,
    listOfRun,
    listBelow,
    stat,
    stream,
    put,
    remove,
    /** Where the proxy has an artifact of a run. */
    proxyPath: async (runId: string, path: string) => `${proxyPathOf(await uriOf(runId))}/${checkArtifactPath(path)}`,
    /** Writes one artifact of a run. */
    putOfRun: async (runId: string, path: string, bytes: Uint8Array) =>
      put(`${proxyPathOf(await uriOf(runId))}/${checkArtifactPath(path)}`, bytes),
    /** Changes whenever a file below an artifact URI does. */
    async stamp(uri: string): Promise<string> {
      const files = await objects.list(`${PREFIX}/${proxyPathOf(uri)}`)
      return files.map(({ key, bytes, modifiedMs }) => `${key} ${bytes} ${modifiedMs}`).join('\n')
    },
    /** All bytes of an artifact below an artifact URI. */
    read: async (uri: string, path: string): Promise<Buffer> => {
      const key = `${PREFIX}/${proxyPathOf(uri)}/${checkArtifactPath(path)}`
      return objects.get(key)
    },
  }
}
