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
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { must } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import type { ObjectStore, UploadedPart, Uploads } from './objects.ts'
import { type Ask, isMissing } from './s3-errors.ts'

type Deps = {
  client: S3Client
  ask: Ask
  nameOf(key: string): { Bucket: string; Key: string }
  withScratch: ObjectStore['withScratch']
}

/** Uploads in parts, which S3 has itself. All parts but the last must have 5 MiB; what is given up, the bucket's rules clear. */
export function s3Uploads({ client, ask, nameOf, withScratch }: Deps): Uploads {
  async function sizeOf(key: string, UploadId: string): Promise<number> {
    let bytes = 0
    let PartNumberMarker: string | undefined
    // Not by the SDK's paginator, which goes on for as long as a marker comes, and some stores always send one.
    do {
      const page = await client.send(new ListPartsCommand({ ...nameOf(key), UploadId, PartNumberMarker }))
      for (const { Size = 0 } of page.Parts ?? []) bytes += Size
      PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (PartNumberMarker)
    return bytes
  }

  return {
    create: (key) =>
      ask(key, async () => {
        const { UploadId } = await client.send(new CreateMultipartUploadCommand(nameOf(key)))
        return must(UploadId, 'an upload of S3 has an id')
      }),
    // By way of a file, since S3 asks for the length first and a caller may not say it.
    part: (key, UploadId, PartNumber, body) =>
      withScratch(async (dir) => {
        const file = join(dir, 'part')
        // Refused before its body is read, when there is no such upload.
        await ask(key, () => client.send(new ListPartsCommand({ ...nameOf(key), UploadId, MaxParts: 1 })))
        await pipeline(Readable.from(body, { objectMode: false }), createWriteStream(file))
        const { size: ContentLength } = await stat(file)
        return ask(key, async () => {
          const part = { ...nameOf(key), UploadId, PartNumber, ContentLength, Body: createReadStream(file) }
          return must((await client.send(new UploadPartCommand(part))).ETag, 'a part has a tag')
        })
      }),
    complete: (key, UploadId, parts, bytesMax) =>
      ask(key, async () => {
        const bytes = await sizeOf(key, UploadId)
        if (bytes > bytesMax) {
          throw new PlatformError('too_large', `the parts are ${bytes} bytes together; at most ${bytesMax}`)
        }
        const MultipartUpload = { Parts: parts.map(partOf) }
        await client.send(new CompleteMultipartUploadCommand({ ...nameOf(key), UploadId, MultipartUpload }))
      }),
    abort: (key, UploadId) =>
      ask(
        key,
        async () => void (await client.send(new AbortMultipartUploadCommand({ ...nameOf(key), UploadId }))),
      ).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      }),
  }
}

function partOf({ number, tag }: UploadedPart) {
  return { PartNumber: number, ETag: tag }
}
