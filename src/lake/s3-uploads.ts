import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { must } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import type { ObjectStore, UploadedPart, Uploads } from './objects.ts'
import type { S3Connection } from './s3-client.ts'
import { type Ask, isMissing } from './s3-errors.ts'

type Deps = Pick<S3Connection, 'client' | 'quick' | 'long' | 'moving'> & {
  ask: Ask
  nameOf(key: string): { Bucket: string; Key: string }
  withScratch: ObjectStore['withScratch']
}

/** Uploads in parts, which S3 has itself. All parts but the last must have 5 MiB; what is given up, the bucket's rules clear. */
export function s3Uploads({ client, quick, long, moving, ask, nameOf, withScratch }: Deps): Uploads {
  async function sizeOf(key: string, UploadId: string): Promise<number> {
    let bytes = 0
    let PartNumberMarker: string | undefined
    // Not by the SDK's paginator, which goes on for as long as a marker comes, and some stores always send one.
    do {
      const page = await client.send(new ListPartsCommand({ ...nameOf(key), UploadId, PartNumberMarker }), quick)
      for (const { Size = 0 } of page.Parts ?? []) bytes += Size
      PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (PartNumberMarker)
    return bytes
  }

  return {
    create: (key) =>
      ask(key, 's3:PutObject', async () => {
        const { UploadId } = await client.send(new CreateMultipartUploadCommand(nameOf(key)), quick)
        return must(UploadId, 'an upload of S3 has an id')
      }),
    // By way of a file, since S3 asks for the length first and a caller may not say it.
    part: (key, UploadId, PartNumber, body) =>
      withScratch(async (dir) => {
        const file = join(dir, 'part')
        // Refused before its body is read, when there is no such upload.
        const first = new ListPartsCommand({ ...nameOf(key), UploadId, MaxParts: 1 })
        await ask(key, 's3:PutObject', () => client.send(first, quick))
        await pipeline(Readable.from(body, { objectMode: false }), createWriteStream(file))
        const { size: ContentLength } = await stat(file)
        return ask(key, 's3:PutObject', async () => {
          const part = { ...nameOf(key), UploadId, PartNumber, ContentLength, Body: createReadStream(file) }
          return must((await client.send(new UploadPartCommand(part), moving)).ETag, 'a part has a tag')
        })
      }),
    complete: (key, UploadId, parts, bytesMax) =>
      ask(key, 's3:PutObject', async () => {
        const bytes = await sizeOf(key, UploadId)
        if (bytes > bytesMax) {
          throw new PlatformError('too_large', `the parts are ${bytes} bytes together; at most ${bytesMax}`)
        }
        const MultipartUpload = { Parts: parts.map(partOf) }
        await client.send(new CompleteMultipartUploadCommand({ ...nameOf(key), UploadId, MultipartUpload }), long)
      }),
    async abort(key, UploadId) {
      const aborted = new AbortMultipartUploadCommand({ ...nameOf(key), UploadId })
      await ask(key, 's3:PutObject', () => client.send(aborted, quick)).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    },
  }
}

function partOf({ number, tag }: UploadedPart) {
  return { PartNumber: number, ETag: tag }
}
