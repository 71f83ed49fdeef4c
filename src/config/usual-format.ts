import { AS_USUAL } from '../values/written.ts'
import type { Format } from './project.ts'

/** What a project need not say: UTF-8 with a header, commas and double quotes. Also how our own files are written. */
export const USUAL_FORMAT: Format = {
  ...AS_USUAL,
  delimiter: ',',
  quote: '"',
  encoding: 'utf-8',
  header: true,
  skipLines: 0,
  names: {},
  sheet: null,
}

/** What a column is called in the files of its source. */
export function nameInFile(format: Format, column: string): string {
  return format.names[column] ?? column
}
