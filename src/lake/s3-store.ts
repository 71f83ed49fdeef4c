import { stat as fileStat, mkdir, realpath, rename, rm, utimes } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { systemClock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { sha256File } from '../base/hash.ts'
import { progress } from '../base/progress.ts'
import { S3_LIMITS, SAY_MS } from '../base/time-limits.ts'
import { writeFileBy } from '../base/write-file.ts'
import { createCacheSize } from './cache-size.ts'
import { fileBytes } from './file-bytes.ts'
import { createFileDigests } from './file-digests.ts'
import { damaged, digestOfKey } from './named-by-digest.ts'
import { byName, checkObjectKey, SCRATCH } from './object-key.ts'
import type { ObjectBody, ObjectStat, ObjectStore } from './objects.ts'
import { connectS3 } from './s3-client.ts'
import { asker, isMissing } from './s3-errors.ts'
import { s3Uploads } from './s3-uploads.ts'
import { makeScratch, scratchName } from './scratch.ts'

/** A stream of unknown length goes up in parts of this size, four at a time: 80 GB at most, 40 MB of memory. */
const PART_BYTES = 8 << 20

/** `cacheDir` keeps what DuckDB has read, `cacheBytesMax` of it; it may be deleted while nothing runs. `onWait` hears once that the start takes long. */
export type S3StoreOptions = {
  url: string
  cacheDir: string
  cacheBytesMax?: number
  onWait?: (says: string) => void
  limits?: typeof S3_LIMITS & { sayMs: number }
}

/** An object store in an S3 bucket, below a prefix, with a cache of files on this machine. */
export async function openS3Store(options: S3StoreOptions): Promise<ObjectStore> {
  const {
    url,
    cacheDir,
    cacheBytesMax = Number.POSITIVE_INFINITY,
    onWait,
    limits = { ...S3_LIMITS, sayMs: SAY_MS },
  } = options
  const { bucket, prefix } = parseS3Url(url)
  await mkdir(join(resolve(cacheDir), SCRATCH), { recursive: true, mode: 0o700 })
  const cache = await realpath(resolve(cacheDir))
  const { withScratch } = await makeScratch(join(cache, SCRATCH))
  const connection = connectS3(url, limits)
  const { client, quick, moving } = connection
  const ask = asker(url, connection.isClosed)
  const digestOf = createFileDigests()
  const cacheSize = createCacheSize(cache, { bytesMax: cacheBytesMax, nowMs: systemClock.nowMs })
  const nameOf = (key: string) => ({ Bucket: bucket, Key: `${prefix}${checkObjectKey(key)}` })

  /** The client repeats a call whose answer does not come, and not one whose body broke off. */
  const twice = <T>(call: () => Promise<T>): Promise<T> =>
    call().catch((error: unknown) => {
      const broken = error instanceof PlatformError && error.code === 'unavailable' && !connection.isClosed()
      if (!broken) throw error
      return call()
    })

  const send = async (key: string, Body: Uint8Array | Readable, total: number | null): Promise<void> => {
    const onProgress = progress()
    await ask(key, 's3:PutObject', async () => {
      const upload = new Upload({ client, params: { ...nameOf(key), Body }, partSize: PART_BYTES })
      upload.on('httpUploadProgress', ({ loaded = 0 }) =>
        onProgress({ phase: `copy ${basename(key)} to S3`, done: loaded, total, unit: 'bytes' }),
      )
      const stop = () => void upload.abort()
      moving.abortSignal.addEventListener('abort', stop)
      await upload.done().finally(() => moving.abortSignal.removeEventListener('abort', stop))
    })
  }

  async function put(key: string, body: ObjectBody): Promise<void> {
    checkObjectKey(key)
    if (body instanceof Uint8Array) return send(key, body, body.length)
    const total = typeof body === 'string' ? (await fileStat(body)).size : null
    const source = remembering(typeof body === 'string' ? fileBytes(body) : body)
    await send(key, Readable.from(source.chunks(), { objectMode: false }), total).catch((error: unknown) => {
      // A body that breaks off is no fault of the store.
      throw source.broken ?? error
    })
  }

  async function* pages(below: string, delimiter?: string): AsyncGenerator<ListObjectsV2CommandOutput> {
    let token: string | undefined
    do {
      const Prefix = `${prefix}${below}`
      const request = { Bucket: bucket, Prefix, Delimiter: delimiter, ContinuationToken: token }
      const page = await ask(below, 's3:ListBucket', () => client.send(new ListObjectsV2Command(request), quick))
      yield page
      token = page.NextContinuationToken
    } while (token)
  }

  const store: ObjectStore = {
    directories: [cache],
    cacheDir: cache,
    withScratch,
    uploads: s3Uploads({ ...connection, ask, nameOf, all: { Bucket: bucket, Prefix: prefix }, withScratch }),
    put,
    async putNew(key, Body) {
      // Not every S3 server knows the condition; none that ignores it may replace what is there.
      if (await store.stat(key)) return false
      const request = new PutObjectCommand({ ...nameOf(key), Body, IfNoneMatch: '*' })
      return await ask(key, 's3:PutObject', async () => {
        try {
          await client.send(request, quick)
          return true
        } catch (error) {
          const { name = '', $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
          if (name === 'PreconditionFailed' || $metadata?.httpStatusCode === 412) return false
          throw error
        }
      })
    },
    async moveIn(key, scratchFile) {
      await put(key, scratchFile)
      // Most likely it is read next. Content that changes has no `local`, so this can never be stale.
      const kept = join(cache, ...key.split('/'))
      await mkdir(dirname(kept), { recursive: true, mode: 0o700 })
      await rename(scratchFile, kept)
      await cacheSize.came(kept)
    },
    async get(key) {
      return twice(async () => {
        const body = await store.stream(key)
        return ask(key, 's3:GetObject', async () => Buffer.concat((await body.toArray()) as Buffer[]))
      })
    },
    async stream(key, { start, end } = {}) {
      const Range = start === undefined && end === undefined ? undefined : `bytes=${start ?? 0}-${end ?? ''}`
      const found = await ask(key, 's3:GetObject', () =>
        client.send(new GetObjectCommand({ ...nameOf(key), Range }), quick),
      )
      return found.Body as Readable
    },
    async stat(key) {
      try {
        const found = await ask(key, 's3:GetObject', () => client.send(new HeadObjectCommand(nameOf(key)), quick))
        return { key, bytes: found.ContentLength ?? 0, modifiedMs: found.LastModified?.getTime() ?? 0 }
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async list(prefixOfKeys) {
      const clean = prefixOfKeys.replace(/\/+$/, '')
      const self = clean === '' ? undefined : await store.stat(clean)
      const found: ObjectStat[] = self ? [self] : []
      for await (const page of pages(clean === '' ? '' : `${checkObjectKey(clean)}/`)) {
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          // Some tools write an empty object that stands for the folder.
          if (Key.endsWith('/')) continue
          found.push({ key: Key.slice(prefix.length), bytes: Size, modifiedMs: LastModified?.getTime() ?? 0 })
        }
      }
      return found.sort((a, b) => (a.key < b.key ? -1 : 1))
    },
    async folder(prefixOfKeys) {
      const below = prefixOfKeys === '' ? '' : `${checkObjectKey(prefixOfKeys)}/`
      const nameIn = (key: string) => key.slice(prefix.length + below.length).replace(/\/$/, '')
      const found = []
      for await (const page of pages(below, '/')) {
        for (const { Prefix = '' } of page.CommonPrefixes ?? []) found.push({ name: nameIn(Prefix), bytes: null })
        for (const { Key = '', Size = 0 } of page.Contents ?? []) found.push({ name: nameIn(Key), bytes: Size })
      }
      return found.filter(({ name }) => name !== '').sort(byName)
    },
    async delete(key) {
      await ask(key, 's3:DeleteObject', () => client.send(new DeleteObjectCommand(nameOf(key)), quick))
      await rm(join(cache, ...key.split('/')), { force: true })
    },
    async local(key) {
      const kept = join(cache, ...checkObjectKey(key).split('/'))
      const wanted = digestOfKey(key)
      // A file that was cut off or changed here is fetched again.
      cacheSize.used(kept)
      if ((await digestOf(kept).catch(() => undefined)) === wanted && (await markUsed(kept))) return kept
      const coming = join(cache, SCRATCH, scratchName('fetch'))
      const onProgress = progress()
      try {
        await twice(async () => {
          const copied = new PassThrough()
          let done = 0
          copied.on('data', (chunk: Buffer) => {
            done += chunk.length
            onProgress({ phase: `copy ${basename(key)} from S3`, done, total: null, unit: 'bytes' })
          })
          await ask(key, 's3:GetObject', () =>
            writeFileBy(coming, async (file) => pipeline(await store.stream(key), copied, file)),
          )
        })
        const found = await sha256File(coming)
        if (found !== wanted) throw damaged(`${url}/${key}`, `it has SHA-256 ${found}`)
        await mkdir(dirname(kept), { recursive: true, mode: 0o700 })
        await rename(coming, kept)
        await cacheSize.came(kept)
      } finally {
        await rm(coming, { force: true })
      }
      return kept
    },
    close: async () => connection.close(),
  }
  // A wrong name or credential is said at the start, not at the first delivery.
  const first = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 })
  const waiting = setTimeout(() => onWait?.(`waiting for the object store ${url}, which does not answer`), limits.sayMs)
  try {
    await ask('', 's3:ListBucket', () => client.send(first, quick))
    return store
  } catch (error) {
    connection.close()
    throw error
  } finally {
    clearTimeout(waiting)
  }
}

const MARK_EVERY_MS = 1_800_000

/**
 * Moves the time of change of a copy that is used, by which old ones are found (`trim-cache.ts`): seldom, since its bytes are
 * read again then. False where the copy has gone meanwhile.
 */
async function markUsed(path: string): Promise<boolean> {
  try {
    const now = new Date()
    if (now.getTime() - (await fileStat(path)).mtimeMs > MARK_EVERY_MS) await utimes(path, now, now)
    return true
  } catch {
    return false
  }
}

function remembering(body: AsyncIterable<Uint8Array>) {
  const source = {
    broken: undefined as unknown,
    async *chunks() {
      try {
        yield* body
      } catch (error) {
        source.broken = error
        throw error
      }
    },
  }
  return source
}

/** `s3://BUCKET` or `s3://BUCKET/PREFIX`; the prefix comes back empty or with a slash at its end. */
export function parseS3Url(url: string): { bucket: string; prefix: string } {
  const found = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url)
  const prefix = found?.[2]?.replace(/\/+$/, '') ?? ''
  if (found && (prefix === '' || isKey(prefix))) return { bucket: found[1]!, prefix: prefix === '' ? '' : `${prefix}/` }
  throw new PlatformError(
    'config_invalid',
    `--objects (WEIR_OBJECTS): '${url.slice(0, 200)}' is not s3://BUCKET/PREFIX`,
  )
}

function isKey(text: string): boolean {
  try {
    return checkObjectKey(text) === text
  } catch {
    return false
  }
}
