/** What a file is by its first bytes, where it is not what its name says; undefined for plain text. */
const KINDS: [bytes: number[], is: string, todo: string][] = [
  [[0x1f, 0x8b], 'compressed by gzip', 'unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed by zstd', 'unpack it first'],
  [[0x42, 0x5a, 0x68], 'compressed by bzip2', 'unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed by xz', 'unpack it first'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive', 'unpack it first'],
  [[0x50, 0x4b, 0x03, 0x04], 'an Excel workbook (.xlsx) or another zip archive', 'save it as CSV UTF-8, or unpack it'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel workbook (.xls)', 'save it as CSV UTF-8'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', "name it .parquet, and say so in the source's file"],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'an Arrow (Feather) file', 'write it as Parquet or CSV'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF', 'export the table as CSV'],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], 'an SQLite database', 'export the table as CSV'],
  [[0xff, 0xfe], 'UTF-16', 'save it as UTF-8'],
  [[0xfe, 0xff], 'UTF-16', 'save it as UTF-8'],
]

/** "the file is …; …", for a file that was taken for CSV or Parquet and is something else. */
export function otherKind(head: Buffer, expected: 'csv' | 'parquet'): string | undefined {
  const found = KINDS.find(([bytes]) => bytes.every((byte, i) => head[i] === byte))
  if (found && !(expected === 'parquet' && found[1] === 'a Parquet file')) return `the file is ${found[1]}; ${found[2]}`
  const text = head.toString('latin1').trimStart().toLowerCase()
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) {
    return 'the file is a web page; it may be the answer of a server that wanted a login'
  }
  if (expected === 'parquet') {
    return found
      ? undefined
      : 'the file is not Parquet, which begins with PAR1; write it as Parquet, or name a .csv file'
  }
  return undefined
}
