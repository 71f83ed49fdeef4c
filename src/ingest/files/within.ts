import { relative, sep } from 'node:path'

/** Whether a path lies in a folder; both with their links resolved. */
export function isWithin(folder: string, path: string): boolean {
  return relative(folder, path).split(sep)[0] !== '..'
}
