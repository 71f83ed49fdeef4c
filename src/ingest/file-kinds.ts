import type { Format } from '../config/project.ts'

const UNPACK = 'unpack it first'

/** What a file is by its first bytes, where it is not what its name says, and what to do. */
const KINDS: [bytes: number[], is: string, todo: string][] = [
  [[0x1f, 0x8b], 'compressed by gzip', 'name it so, with .csv.gz, or unpack it'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed by zstd', 'name it so, with .csv.zst, or unpack it'],
  [[0x42, 0x5a, 0x68], 'compressed by bzip2', UNPACK],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed by xz', UNPACK],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive', UNPACK],
  [
    [0x50, 0x4b, 0x03, 0x04],
    'an Excel workbook (.xlsx) or another zip archive',
    'a workbook must have a name with .xlsx, an archive must be unpacked',
  ],
  [
    [0xd0, 0xcf, 0x11, 0xe0],
    'an old Excel workbook (.xls), or one with a password',
    'save it as .xlsx without a password, or as CSV UTF-8',
  ],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', "name it .parquet, and say so in the source's file"],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'an Arrow (Feather) file', 'write it as Parquet or CSV'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF', 'export the table as CSV'],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], 'an SQLite database', 'export the table as CSV'],
]

/** The bytes that a file of each kind begins with. */
const OWN: Record<string, number[]> = {
  gzip: [0x1f, 0x8b],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  xlsx: [0x50, 0x4b, 0x03, 0x04],
  parquet: [0x50, 0x41, 0x52, 0x31],
}

const NOT_SO: Record<string, string> = {
  gzip: 'the file is not compressed by gzip; name it without .gz',
  zstd: 'the file is not compressed by zstd; name it without .zst',
  xlsx: 'the file is not an Excel workbook (.xlsx); name it as what it is, or save it as .xlsx',
  parquet: 'the file is not Parquet, which begins with PAR1; write it as Parquet, or name a .csv file',
}

type Expected = 'csv' | 'parquet' | 'xlsx' | 'gzip' | 'zstd'

/** Rule and words for a file that was taken for one kind and is of another; undefined where it may be what it should be. */
export function otherKind(
  head: Buffer,
  expected: Expected,
  format: Format,
): { rule: string; says: string } | undefined {
  const begins = (bytes: readonly number[]) => bytes.every((byte, i) => head[i] === byte)
  const own = OWN[expected]
  if (own && begins(own)) return undefined
  const found = KINDS.find(([bytes]) => begins(bytes))
  if (found) return { rule: 'format', says: `the file is ${found[1]}; ${found[2]}` }
  const text = head.toString('latin1').trimStart().toLowerCase()
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) {
    return { rule: 'format', says: 'the file is a web page; it may be the answer of a server that wanted a login' }
  }
  if (expected !== 'csv') return { rule: 'format', says: NOT_SO[expected] ?? '' }
  return otherEncoding(begins, format)
}

/** A byte order mark says what the encoding is, whatever the project says. */
function otherEncoding(begins: (bytes: readonly number[]) => boolean, { encoding }: Format) {
  const is = begins([0xff, 0xfe])
    ? 'utf-16le'
    : begins([0xfe, 0xff])
      ? 'utf-16be'
      : begins([0xef, 0xbb, 0xbf])
        ? 'utf-8'
        : encoding
  if (is === encoding) return undefined
  const todo =
    is === 'utf-8'
      ? `leave encoding '${encoding}' out of the format`
      : `save it as UTF-8, or add to the source format: { encoding: '${is}' }`
  return { rule: 'encoding', says: `the file is ${is === 'utf-8' ? 'UTF-8' : 'UTF-16'}; ${todo}` }
}
