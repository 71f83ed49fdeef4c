import type { Recogniser } from './fault.ts'
import { faultAt, fileFault, type Told } from './files.ts'

/** The system's words for its codes, as DuckDB quotes them at the end of its sentence. */
const SYSTEM: readonly (readonly [RegExp, string])[] = [
  [/No space left on device/, 'ENOSPC'],
  [/Disk quota exceeded/, 'EDQUOT'],
  [/File too large/, 'EFBIG'],
  [/Permission denied/, 'EACCES'],
  [/Operation not permitted/, 'EPERM'],
  [/Read-only file system/, 'EROFS'],
  [/Input\/output error/, 'EIO'],
  [/Too many open files in system/, 'ENFILE'],
  [/Too many open files/, 'EMFILE'],
  [/Stale file handle/, 'ESTALE'],
  [/No such file or directory/, 'ENOENT'],
  [/Not a directory/, 'ENOTDIR'],
]

const GONE = /^IO Error: No files found that match the pattern/
const DAMAGED =
  /No magic bytes found|too small to be a Parquet file|decompression failure|Failed to read file|footer length error|Corrupt|corrupt|Invalid footer|TProtocolException|Failed to read Parquet|not a Parquet file/
const FULL = /failed to offload data block|max_temp_directory_size/
const MEMORY = /^Out of Memory Error/

/** DuckDB has no codes; its sentences begin with the kind and quote the file. */
export const duckdbFault: Recogniser = ({ message, raw }, asked) => {
  if (!/^(IO|Invalid Input|Invalid|Out of Memory|Serialization|INTERNAL) Error: /.test(message)) return undefined
  const path = /["'](\/[^"'\n]+|[A-Za-z]:[^"'\n]+)["']/.exec(message)?.[1]
  if (message.startsWith('IO Error: ')) {
    const code = SYSTEM.find(([words]) => words.test(message))?.[1]
    if (code) return fileFault({ name: '', message, code, syscall: '', raw: { ...raw, path } }, asked)
    if (GONE.test(message)) return faultAt(gone, path)
  }
  if (FULL.test(message)) return faultAt(full, path)
  if (MEMORY.test(message)) return faultAt(noMemory, path)
  return DAMAGED.test(message) ? faultAt(damaged, path) : undefined
}

const gone = (place: string): Told => ({
  code: 'file_gone',
  says: `${place} is not there, or may not be seen`,
  todo: 'put it back, from a backup if need be',
})

const damaged = (place: string): Told => ({
  code: 'corrupt',
  says: `${place} is damaged`,
  todo: 'restore it from a backup, or deliver the same file again',
})

const full = (): Told => ({
  code: 'storage_full',
  says: 'the disk for temporary files has no room for this',
  todo: 'make room there, then try again',
})

const noMemory = (): Told => ({
  code: 'unavailable',
  says: 'there is not enough memory for this',
  todo: 'end other programs, or use a machine with more',
})
