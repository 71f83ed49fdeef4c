/** What a file is by the ending of its name. */
export type FileKind = { format: 'csv' | 'parquet' | 'xlsx'; packed: 'gzip' | 'zstd' | null }

const TEXT = /\.(csv|tsv|txt)(\.gz|\.zst)?$/i
const KNOWN = /(\.(csv|tsv|txt)(\.(gz|zst))?|\.parquet|\.xlsx)$/i

/** Undefined for an ending that is none of a file that is read. */
export function kindOfName(name: string): FileKind | undefined {
  const text = TEXT.exec(name)
  if (text) {
    const packed = text[2]?.toLowerCase()
    return { format: 'csv', packed: packed === '.gz' ? 'gzip' : packed === '.zst' ? 'zstd' : null }
  }
  if (/\.parquet$/i.test(name)) return { format: 'parquet', packed: null }
  return /\.xlsx$/i.test(name) ? { format: 'xlsx', packed: null } : undefined
}

/** Whether a file of this name may also be delivered packed, with `.gz` or `.zst` behind it. */
export function mayBePacked(name: string): boolean {
  const kind = kindOfName(name)
  return kind?.format === 'csv' && kind.packed === null
}

/** A name without a known ending: `customers` of `customers.csv.gz`. */
export function withoutEnding(name: string): string {
  return name.replace(KNOWN, '')
}
