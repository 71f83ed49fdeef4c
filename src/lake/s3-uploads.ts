import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { must } from '../base/assert.ts'
import { writeFileBy } from '../base/write-file.ts'
import { partsTooLarge, storeCounted } from './counted-parts.ts'
import type { ObjectStore, UploadedPart, Uploads } from './objects.ts'
import type { S3Connection } from './s3-client.ts'
import { type Ask, isMissing } from './s3-errors.ts'

type Deps = Pick<S3Connection, 'client' | 'quick' | 'long' | 'moving'> & {
  ask: Ask
  nameOf(key: string): { Bucket: string; Key: string }
  /** Where all of this store lies. */
  all: { Bucket: string; Prefix: string }
  withScratch: ObjectStore['withScratch']
}

/** Uploads in parts, which S3 has itself. All parts but the last must have 5 MiB. */
export function s3Uploads({ client, quick, long, moving, ask, nameOf, all, withScratch }: Deps): Uploads {
  /** Of all parts but one, which is being replaced. */
  async function sizeOf(key: string, UploadId: string, without?: number): Promise<number> {
    let bytes = 0
    let PartNumberMarker: string | undefined
    // Not by the SDK's paginator, which goes on for as long as a marker comes, and some stores always send one.
    do {
      const page = await client.send(new ListPartsCommand({ ...nameOf(key), UploadId, PartNumberMarker }), quick)
      for (const { Size = 0, PartNumber } of page.Parts ?? []) if (PartNumber !== without) bytes += Size
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
    part: (key, UploadId, PartNumber, body, bytesMax) =>
      withScratch(async (dir) => {
        const path = join(dir, 'part')
        // Refused before its body is read, when there is no such upload.
        const held = () => ask(key, 's3:PutObject', () => sizeOf(key, UploadId, PartNumber))
        return storeCounted(UploadId, body, { held, bytesMax }, async (counted) => {
          await writeFileBy(path, (file) => pipeline(Readable.from(counted, { objectMode: false }), file))
          const { size: ContentLength } = await stat(path)
          return ask(key, 's3:PutObject', async () => {
            const part = { ...nameOf(key), UploadId, PartNumber, ContentLength, Body: createReadStream(path) }
            return must((await client.send(new UploadPartCommand(part), moving)).ETag, 'a part has a tag')
          })
        })
      }),
    complete: (key, UploadId, parts, bytesMax) =>
      ask(key, 's3:PutObject', async () => {
        const bytes = await sizeOf(key, UploadId)
        if (bytes > bytesMax) throw partsTooLarge(bytesMax)
        const MultipartUpload = { Parts: parts.map(partOf) }
        await client.send(new CompleteMultipartUploadCommand({ ...nameOf(key), UploadId, MultipartUpload }), long)
      }),
    async abort(key, UploadId) {
      const aborted = new AbortMultipartUploadCommand({ ...nameOf(key), UploadId })
      await ask(key, 's3:PutObject', () => client.send(aborted, quick)).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    },
    async collect(beforeMs) {
      let count = 0
      let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
      while (marker) {
        const request = new ListMultipartUploadsCommand({ ...all, ...marker })
        const page: ListMultipartUploadsCommandOutput = await ask('', 's3:ListBucket', () =>
          client.send(request, quick),
        )
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if ((Initiated?.getTime() ?? 0) >= beforeMs) continue
          const abort = new AbortMultipartUploadCommand({ Bucket: all.Bucket, Key, UploadId })
          await ask('', 's3:PutObject', () => client.send(abort, quick))
          count++
        }
        const { NextKeyMarker, NextUploadIdMarker } = page
        marker =
          page.IsTruncated && NextKeyMarker
            ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker }
            : undefined
      }
      return count
    },
  }
}

function partOf({ number, tag }: UploadedPart) {
  return { PartNumber: number, ETag: tag }
}
