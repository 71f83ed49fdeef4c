import type { Source } from '../config/project.ts'
import type { Finding } from './finding.ts'

/** What was delivered for a source, as we work on it: copies of ours, which nobody changes under our hands. */
export type DeliveredFile = {
  /** The source, with the name that the file has and the format that our copy is in. */
  source: Source
  format: 'csv' | 'parquet'
  /** One, or the parts of a folder in their order. */
  parts: DeliveredPart[]
  /** SHA-256 of the file as it lies in the folder; of a folder, that of the names and digests of its parts. */
  fileDigest: string
  /** Its bytes as it lies there. */
  size: number
  /** What was found on the way. */
  findings: Finding[]
}

export type DeliveredPart = {
  /** Within the delivery's folder. */
  name: string
  path: string
  /** The bytes end with a line end. */
  ended: boolean
  /** Lines of the file that our copy does not have, being before its first. */
  linesBefore: number
  /** How many rows went into it, where it is a file of our own. */
  rows?: number
  /** Of a workbook: a cell's kind stands before its text (xlsx/cell-text.ts), and rows are counted as in the sheet. */
  sheet?: { rowOf: (row: number) => number; headerRow: number }
}
