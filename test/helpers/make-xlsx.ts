import { strToU8, zipSync } from 'fflate'

/** A cell as XML has it, or a text. */
export type XlsxCell = string | { v?: string; t?: string; s?: number; f?: string; is?: string } | null

type Given = {
  rows: Record<number, XlsxCell[]>
  sheets?: string[]
  /** In which sheet the rows are; the first by default. */
  at?: number | 'all'
  /** Rows that the sheet hides. */
  hidden?: number[]
  date1904?: boolean
  merged?: string[]
  shared?: string[]
  more?: Record<string, string>
}

const NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** A small workbook with the given rows in its first sheet; style 1 is a day, 2 a moment, 3 a number of our own format. */
export function makeXlsx({
  rows,
  sheets = ['Data'],
  at = 0,
  hidden = [],
  date1904 = false,
  merged = [],
  shared = [],
  more = {},
}: Given): Uint8Array {
  const cells = Object.entries(rows).map(
    ([number, list]) =>
      `<row r="${number}"${hidden.includes(Number(number)) ? ' hidden="1"' : ''}>${list.map((c, i) => cell(c, `${String.fromCharCode(65 + i)}${number}`)).join('')}</row>`,
  )
  const merging =
    merged.length === 0 ? '' : `<mergeCells>${merged.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`
  const files: Record<string, string> = {
    '_rels/.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook ${NS} xmlns:r="${OFFICE}"><workbookPr date1904="${date1904 ? 1 : 0}"/><sheets>${sheets.map((name, i) => `<sheet name="${name}" sheetId="${i + 1}" r:id="s${i + 1}"/>`).join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${sheets.map((_, i) => `<Relationship Id="s${i + 1}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`).join('')}<Relationship Id="st" Type="${OFFICE}/styles" Target="/xl/styles.xml"/><Relationship Id="ss" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    'xl/styles.xml': `<styleSheet ${NS}><numFmts count="2"><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy\\ hh:mm"/><numFmt numFmtId="165" formatCode="[Red]0.00&quot; days&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst ${NS}>${shared.map((text) => `<si>${text}</si>`).join('')}</sst>`,
    ...Object.fromEntries(
      sheets.map((_, i) => [
        `xl/worksheets/sheet${i + 1}.xml`,
        `<worksheet ${NS}><sheetData>${at === 'all' || i === at ? cells.join('') : ''}</sheetData>${merging}</worksheet>`,
      ]),
    ),
    ...more,
  }
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])))
}

function cell(value: XlsxCell, ref: string): string {
  if (value === null) return ''
  if (typeof value === 'string') return `<c r="${ref}" t="inlineStr"><is><t>${xmlText(value)}</t></is></c>`
  const { v, t, s, f, is } = value
  const inside = `${f === undefined ? '' : `<f>${xmlText(f)}</f>`}${v === undefined ? '' : `<v>${xmlText(v)}</v>`}${is ?? ''}`
  return `<c r="${ref}"${t === undefined ? '' : ` t="${t}"`}${s === undefined ? '' : ` s="${s}"`}>${inside}</c>`
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
