import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import type { ObjectStat, ObjectStore } from '../lake/objects.ts'
import { ARTIFACT_PREFIX, proxyPathOf } from '../mlflow/artifact-uri.ts'
import { limitOf, overLimit } from '../wire/limits.ts'
import * as queries from './queries/seals.ts'

type Deps = { sql: Sql; objects: ObjectStore; clock: Clock }

/** A file of a sealed folder that is not what it was; `how` says what it was at the registration. */
export type Change = { path: string; state: 'damaged' | 'missing'; how: string }

/**
 * Folders of artifacts that a registered version is made of. From the registration on nobody writes or deletes below one,
 * and the digest of each file is known, so that a server finds out when the bytes were changed behind our back. The seal
 * comes first and the digests after it: what was on its way in before is in them.
 */
export function createSeals({ sql, objects, clock }: Deps) {
  /** Refuses what would change a file below a sealed folder; `whole` is for a deletion, which takes what is below too. */
  async function requireOpen(proxyPath: string, { whole = false } = {}): Promise<void> {
    const sealed = await queries.findSealed(sql, foldersOf(proxyPath), whole ? proxyPath : null)
    if (sealed === undefined) return
    throw new PlatformError(
      'forbidden',
      `'${sealed.slice(0, 200)}' holds the files of a registered version, which stay as they are; write to another path, or delete the version first`,
    )
  }

  /**
   * Whether there is anything to seal at an artifact URI. MLflow lets a version be registered before its files are there:
   * then no seal is written and taken back, which were two commits.
   */
  async function hasFiles(uri: string): Promise<boolean> {
    return (await filesBelow(proxyPathOf(uri))).length > 0
  }

  /** Seals the folder that an artifact URI names, with the digests of its files. Once more does nothing. */
  async function seal(uri: string): Promise<queries.SealedFile[]> {
    const folder = proxyPathOf(uri)
    const isNew = await queries.insertSeal(sql, folder, clock.nowMs())
    const known = isNew ? undefined : await queries.selectSealedFiles(sql, folder)
    if (known) return known
    try {
      const files: queries.SealedFile[] = []
      for (const { key, bytes } of await filesBelow(folder)) {
        files.push({ path: key.slice(keyOf(folder).length + 1), digest: await digestOf(key), bytes })
      }
      // Nothing to keep yet: MLflow lets a version be registered before its files are there. Its first load seals it.
      if (files.length === 0) await queries.deleteUnfinishedSeal(sql, folder)
      else await sql.tx((tx) => queries.insertSealedFiles(tx, folder, files, clock.nowMs()))
      return files
    } catch (error) {
      // What could not be sealed is as open as before.
      if (isNew) await queries.deleteUnfinishedSeal(sql, folder).catch(() => {})
      throw error
    }
  }

  /**
   * The bytes of one file. Where the folder is sealed, once all of its files were found to be what they were at the
   * registration; one that has no digests yet, because it was registered before there were any, gets them now.
   */
  async function read(uri: string, path: string): Promise<Buffer> {
    const { changes, bytes } = await compare(uri, path)
    const [first] = changes
    if (first) throw changed(uri, first)
    // As for any file that is not there.
    return bytes ?? objects.get(`${keyOf(proxyPathOf(uri))}/${path}`)
  }

  /** What is not as it was at the registration, with the bytes of one file; nothing where the folder is not sealed. */
  async function compare(uri: string, path?: string): Promise<{ changes: Change[]; bytes?: Buffer }> {
    const folder = proxyPathOf(uri)
    if ((await queries.findSealed(sql, [folder], null)) === undefined) return { changes: [] }
    const known = new Map((await seal(uri)).map((file) => [file.path, file]))
    const changes: Change[] = []
    let wanted: Buffer | undefined
    for (const { key } of await filesBelow(folder)) {
      const name = key.slice(keyOf(folder).length + 1)
      const file = known.get(name)
      known.delete(name)
      const bytes = name === path ? await objects.get(key) : undefined
      if (bytes) wanted = bytes
      const digest = bytes ? createHash('sha256').update(bytes).digest('hex') : await digestOf(key)
      if (!file) changes.push({ path: name, state: 'damaged', how: 'was not there' })
      else if (digest !== file.digest) {
        changes.push({ path: name, state: 'damaged', how: `had the SHA-256 ${file.digest}, now it has ${digest}` })
      }
    }
    for (const lost of known.keys()) changes.push({ path: lost, state: 'missing', how: 'was there, and is gone' })
    return { changes, ...(wanted ? { bytes: wanted } : {}) }
  }

  async function filesBelow(folder: string): Promise<ObjectStat[]> {
    const files = (await objects.list(keyOf(folder))).filter(({ key }) => key !== keyOf(folder))
    if (files.length <= limitOf('modelFiles')) return files
    throw overLimit(
      'modelFiles',
      `'${folder.slice(0, 200)}' has ${files.length} files; register the folder of the model alone`,
    )
  }

  async function digestOf(key: string): Promise<string> {
    const hash = createHash('sha256')
    for await (const chunk of await objects.stream(key)) hash.update(chunk as Buffer)
    return hash.digest('hex')
  }

  return {
    requireOpen,
    hasFiles,
    seal,
    read,
    /** The files of a sealed folder that are not what they were at the registration; each is read whole. */
    changes: async (uri: string): Promise<Change[]> => (await compare(uri)).changes,
    /** Whether a sealed file has exactly these bytes: then writing it again changes nothing. */
    async isSame(proxyPath: string, bytes: Uint8Array): Promise<boolean> {
      const digest = createHash('sha256').update(bytes).digest('hex')
      return queries.hasSealedFile(sql, foldersOf(proxyPath), proxyPath, digest)
    },
    /**
     * What an erasure leaves of a file, which may be one of a registered version. The digest comes first: when the process
     * dies between, the file still has what must go, and the erasure does it again.
     */
    async replace(proxyPath: string, bytes: Uint8Array): Promise<void> {
      const digest = createHash('sha256').update(bytes).digest('hex')
      await queries.updateSealedFile(sql, foldersOf(proxyPath), proxyPath, { digest, bytes: bytes.length })
      await objects.put(keyOf(proxyPath), bytes)
    },
    /** Sent together with the version that is made of the files: it is there only when its seal is. */
    hold: (uri: string) => queries.holdSeal(proxyPathOf(uri)),
    isUnheld: queries.isUnheld,
    /**
     * When versions of these sources are gone: in the transaction that deletes them. `unused` is asked when the seals are
     * locked: a version whose maker held one before is seen, and a maker who comes later finds none and seals anew.
     */
    async unseal(tx: Sql, uris: readonly string[], unused: (uris: string[]) => Promise<string[]>): Promise<void> {
      const locked = new Set(await queries.lockSeals(tx, uris.map(proxyPathOf)))
      const sealed = uris.filter((uri) => locked.has(proxyPathOf(uri)))
      if (sealed.length > 0) await queries.deleteSeals(tx, (await unused(sealed)).map(proxyPathOf))
    },
  }
}

const keyOf = (folder: string) => `${ARTIFACT_PREFIX}/${folder}`

/** a/b/c → a, a/b, a/b/c. */
function foldersOf(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

function changed(uri: string, { path, how }: Change): PlatformError {
  const says = `'${path.slice(0, 200)}' below ${uri.slice(0, 200)} is not what was registered: at the registration it ${how}`
  return new PlatformError('corrupt', `${says}; put the registered file back, or register the files as a new version`)
}
