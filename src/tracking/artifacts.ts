import type { Readable } from 'node:stream'
import { PlatformError } from '../base/errors.ts'
import { mapInTurns } from '../base/turns.ts'
import type { Sql } from '../db/sql.ts'
import type { ObjectStore, UploadedPart } from '../lake/objects.ts'
import { checkArtifactPath, ARTIFACT_PREFIX as PREFIX, proxyPathOf } from '../mlflow/artifact-uri.ts'
import { limitOf } from '../wire/limits.ts'
import { selectRun } from './queries/runs.ts'
import type { createSeals } from './seals.ts'

export type ArtifactFile = { path: string; isDir: boolean; bytes: number | null }

/** What a directory says of a file where a folder should be, or the other way round. */
const IN_THE_WAY = new Set(['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY'])

type Deps = { sql: Sql; objects: ObjectStore; seals: ReturnType<typeof createSeals> }

/** Artifacts of runs, in the object store below `artifacts/`; a path is checked before it is used (artifact-uri.ts). */
export function createArtifacts({ sql, objects, seals }: Deps) {
  async function uriOf(runId: string): Promise<string> {
    const run = await selectRun(sql, runId)
    if (!run) throw new PlatformError('not_found', `Run with id=${runId.slice(0, 64)} not found`)
    return run.artifactUri
  }

  /** Files and folders directly below a path of the proxy; empty for a file or nothing. */
  async function list(proxyPath: string): Promise<ArtifactFile[]> {
    const path = proxyPath.replace(/\/$/, '')
    const folder = path === '' ? PREFIX : `${PREFIX}/${checkArtifactPath(path)}`
    return mapInTurns(await objects.folder(folder), ({ name, bytes }) => ({ path: name, isDir: bytes === null, bytes }))
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
    return folder === '' ? files : mapInTurns(files, (file) => ({ ...file, path: `${folder}${file.path}` }))
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

  /** Refused below the files of a registered version (seals.ts), but for the same bytes again. */
  async function put(proxyPath: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const path = checkArtifactPath(proxyPath)
    if (body instanceof Uint8Array && (await seals.isSame(path, body))) return
    await seals.requireOpen(path)
    await objects.put(`${PREFIX}/${path}`, whileOpen(path, body)).catch((error: NodeJS.ErrnoException) => {
      if (!IN_THE_WAY.has(error.code ?? '')) throw error
      const message = `'${path.slice(0, 200)}' is a folder, or a part of it is a file; choose another path`
      throw new PlatformError('invalid_argument', message, { cause: error })
    })
  }

  /** A file, or everything below a folder; no complaint when there is neither. */
  async function remove(proxyPath: string): Promise<void> {
    for (const { key } of await objects.list(`${PREFIX}/${checkArtifactPath(proxyPath)}`)) await objects.delete(key)
  }

  /** A body may be long on its way: when it is all there, and before the store gives it its name, it is asked once more. */
  async function* whileOpen(path: string, body: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    if (body instanceof Uint8Array) yield body
    else yield* body
    await seals.requireOpen(path)
  }

  async function openKey(proxyPath: string): Promise<string> {
    const path = checkArtifactPath(proxyPath)
    await seals.requireOpen(path)
    return `${PREFIX}/${path}`
  }

  const keyOf = (proxyPath: string) => `${PREFIX}/${checkArtifactPath(proxyPath)}`
  const { uploads } = objects

  return {
    /** Files that arrive in parts (lake/objects.ts), by their path of the proxy. */
    uploads: {
      create: async (proxyPath: string) => uploads.create(await openKey(proxyPath)),
      part: (proxyPath: string, uploadId: string, number: number, body: AsyncIterable<Uint8Array>, bytesMax: number) =>
        uploads.part(keyOf(proxyPath), uploadId, number, body, bytesMax),
      complete: async (proxyPath: string, uploadId: string, parts: readonly UploadedPart[], bytesMax: number) =>
        uploads.complete(await openKey(proxyPath), uploadId, parts, bytesMax),
      /** Those that nobody added to for a day; says how many. */
      collect: (nowMs: number) => uploads.collect(nowMs - limitOf('uploadAgeMs')),
      abort: (proxyPath: string, uploadId: string) => uploads.abort(keyOf(proxyPath), uploadId),
    },
    list,
    listOfRun,
    listBelow,
    stat,
    stream,
    put,
    remove,
    /** The same for a caller, who may not take files of a registered version. */
    async removeOpen(proxyPath: string): Promise<void> {
      await seals.requireOpen(checkArtifactPath(proxyPath), { whole: true })
      await remove(proxyPath)
    },
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
    /** For an erasure alone: it may change what is registered. */
    replace: async (proxyPath: string, bytes: Uint8Array) => seals.replace(checkArtifactPath(proxyPath), bytes),
    /** A file of a registered version, refused when any of the version's files was changed since it was registered. */
    async readVersion(source: string, path: string): Promise<Buffer> {
      await seals.seal(source)
      return seals.read(source, checkArtifactPath(path))
    },
    /** All bytes of a file below an artifact URI; the same where a version is made of it. */
    read: async (uri: string, path: string): Promise<Buffer> => seals.read(uri, checkArtifactPath(path)),
    /** The files of a registered version that are not what they were at its registration; each is read whole. */
    changes: (uri: string) => seals.changes(uri),
  }
}
