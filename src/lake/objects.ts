import type { Readable } from 'node:stream'
import { limitOf } from '../wire/limits.ts'

/** What is written: bytes, a stream of bytes, or the path of a local file, which is copied. */
export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array> | string

export type ObjectStat = { key: string; bytes: number; modifiedMs: number }

/** `bytes` is null for a folder. */
export type FolderEntry = { name: string; bytes: number | null }

/**
 * Named bytes. A key is either wholly there, durable, or not there at all; a put on a known key replaces it in one
 * step. Keys are checked (`object-key.ts`), so none leads out of the store. In a directory a name is a file or a
 * folder, never both; S3 itself does not mind.
 */
export type ObjectStore = {
  put(key: string, body: ObjectBody): Promise<void>
  /** The same for a key that is not there yet; false, and nothing done, where it is. One of many at once wins. */
  putNew(key: string, bytes: Uint8Array): Promise<boolean>
  /** Moves a finished file of the scratch space to `key`. */
  moveIn(key: string, scratchFile: string): Promise<void>
  /** Refuses (not_found) when there is no such key; so do `stream` and `local`. */
  get(key: string): Promise<Buffer>
  /** `end` is the last byte, inclusive. */
  stream(key: string, range?: { start?: number; end?: number }): Promise<Readable>
  stat(key: string): Promise<ObjectStat | undefined>
  /** All objects whose key is `prefix` or lies below it as a folder, in order of key. */
  list(prefix: string): Promise<ObjectStat[]>
  /** The files and folders directly below a folder, '' for the topmost, in order of name; none when it is no folder. */
  folder(prefix: string): Promise<FolderEntry[]>
  /** No complaint when there is no such key. */
  delete(key: string): Promise<void>
  /**
   * A file where DuckDB reads the object. For objects that never change, which are named by their digest: what lies
   * elsewhere is fetched once and kept. Refuses (corrupt) bytes that are not those of the digest, once for each file,
   * process and change of it.
   */
  local(key: string): Promise<string>
  /** A new private folder on this machine, gone when `body` is done. */
  withScratch<T>(body: (dir: string) => Promise<T>): Promise<T>
  /** Objects that arrive in parts, in any order, several at a time. */
  readonly uploads: Uploads
  /** The folder of this host with copies of objects that lie elsewhere, where there is one. */
  readonly cacheDir?: string
  /** The folders that hold local files and scratch files: all that DuckDB needs to reach. */
  readonly directories: string[]
  /** Ends what is under way; it is refused (unavailable). */
  close(): Promise<void>
}

/** An upload is known by its key and id together; one that is not there, or belongs to another key: not_found. */
export type Uploads = {
  create(key: string): Promise<string>
  /**
   * Part `number` counts from 1; the same number again replaces the part. Gives the tag that `complete` asks for. Refused
   * (too_large) while it arrives, as soon as the parts of the upload have more than `bytesMax` bytes together.
   */
  part(
    key: string,
    uploadId: string,
    number: number,
    body: AsyncIterable<Uint8Array>,
    bytesMax: number,
  ): Promise<string>
  /** Joins the parts, in ascending order, to the object: all of it or nothing. */
  complete(key: string, uploadId: string, parts: readonly UploadedPart[], bytesMax: number): Promise<void>
  /** No complaint when it is gone already. */
  abort(key: string, uploadId: string): Promise<void>
  /** Gives up the uploads that nobody added to since a moment; says how many. */
  collect(beforeMs: number): Promise<number>
}

export type UploadedPart = { number: number; tag: string }

/** Parts of one upload, at most: S3's own limit. */
export const UPLOAD_PARTS_MAX = limitOf('uploadParts')
