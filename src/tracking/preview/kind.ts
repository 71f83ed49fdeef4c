/** What a file is by what is in it. Its name only chooses between kinds of text. */

export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/svg+xml'
export type Kind = 'text' | 'json' | 'markdown' | 'table' | 'image' | 'html' | 'binary'

const ENDINGS: Record<string, Kind> = {
  csv: 'table',
  tsv: 'table',
  parquet: 'table',
  json: 'json',
  md: 'markdown',
  markdown: 'markdown',
  html: 'html',
  htm: 'html',
  svg: 'image',
  png: 'image',
  jpg: 'image',
  jpeg: 'image',
  gif: 'image',
  webp: 'image',
}

export function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
}

/** `head` is the beginning; `text` it as UTF-8, where it is that. */
export function kindOf(
  path: string,
  head: Buffer,
  text: string | undefined,
): { kind: Kind; type?: ImageType; odd: boolean } {
  const said = ENDINGS[endingOf(path)]
  const type = imageType(head)
  if (type) return { kind: 'image', type, odd: said !== 'image' }
  if (isParquet(head)) return { kind: 'table', odd: endingOf(path) !== 'parquet' }
  if (text === undefined) return { kind: 'binary', odd: said !== undefined }
  if (said === 'image') {
    const isSvg = endingOf(path) === 'svg' && SVG.test(text)
    return isSvg ? { kind: 'image', type: 'image/svg+xml', odd: false } : { kind: 'text', odd: true }
  }
  if (endingOf(path) === 'parquet') return { kind: 'text', odd: true }
  return { kind: said ?? 'text', odd: false }
}

const SVG = /^\uFEFF?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!doctype svg[^>]*>\s*)?<svg[\s>]/i

export const isParquet = (head: Buffer) => head.subarray(0, 4).toString('latin1') === 'PAR1'

export function imageType(head: Buffer): ImageType | undefined {
  const at = (from: number, text: string) => head.subarray(from, from + text.length).toString('latin1') === text
  if (at(0, '\x89PNG\r\n\x1a\n')) return 'image/png'
  if (at(0, '\xff\xd8\xff')) return 'image/jpeg'
  if (at(0, 'GIF87a') || at(0, 'GIF89a')) return 'image/gif'
  if (at(0, 'RIFF') && at(8, 'WEBP')) return 'image/webp'
  return undefined
}

/** The beginning as text; undefined for what is no UTF-8, or holds what no text has. A letter cut in two is left out. */
export function textOf(head: Buffer, whole: boolean): string | undefined {
  const longest = whole ? 0 : 3
  for (let cut = 0; cut <= longest; cut++) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(head.subarray(0, head.length - cut))
      return text.includes('\0') ? undefined : text
    } catch {
      // A letter of up to four bytes may end behind the part that was read.
    }
  }
  return undefined
}
