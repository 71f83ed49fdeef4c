/** Bodies as the clients of MLflow's scoring server send them: JSON as Python writes it, and CSV as pandas writes it. */
import { csvParseRows } from 'd3-dsv'
import { PlatformError } from '../base/errors.ts'

/** A text, or what Python's json writes of a number that JSON does not have. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|\bNaN\b|\bInfinity\b/g

/** A missing value of a data frame is `NaN` in the JSON of Python, and null here; an infinite one stays one, to be refused as such. */
export function jsonOfPython(text: string): string {
  if (!/NaN|Infinity/.test(text)) return text
  return text.replace(TEXT_OR_NUMBER, (found) => PLAIN[found] ?? found)
}

const PLAIN: Record<string, string> = { NaN: 'null', Infinity: '1e999' }

/** What pandas reads as missing. */
const MISSING = new Set(
  ',#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null'.split(','),
)

/** Rows by the names of the first line, each field a text, or null where pandas has nothing. */
export function parsePandasCsv(text: string): Record<string, string | null>[] {
  const [names = [], ...rows] = csvParseRows(text.replace(/^\uFEFF/, ''))
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw invalid(`the first line names '${twice.slice(0, 100)}' twice`)
  return rows
    .filter((fields) => fields.length > 1 || fields[0] !== '')
    .map((fields, r) => {
      if (fields.length !== names.length) {
        throw invalid(`row ${r} has ${fields.length} fields, and the first line names ${names.length}`)
      }
      return Object.fromEntries(names.map((name, i) => [name, MISSING.has(fields[i]!) ? null : fields[i]!]))
    })
}

/** What MLflow's scoring server takes of a content type: nothing but UTF-8, and no other word behind it. */
export function requireScoringType(contentType: string | undefined): void {
  const [, ...parts] = (contentType ?? '').split(';').map((part) => part.trim())
  for (const part of parts) {
    const [name = '', value = ''] = part.split('=')
    if (name.toLowerCase() !== 'charset') {
      throw new PlatformError(
        'unsupported_media_type',
        `the content type has '${name.slice(0, 100)}'; leave it out: since MLflow 2.0 the layout is told by the body`,
      )
    }
    if (value.replaceAll('"', '').toLowerCase() !== 'utf-8') {
      throw new PlatformError(
        'unsupported_media_type',
        `the scoring protocol is UTF-8 alone, not ${value.slice(0, 100)}`,
      )
    }
  }
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', `the CSV body cannot be read: ${message}`)
}
