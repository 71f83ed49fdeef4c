import { PlatformError } from './errors.ts'

/**
 * Rows in = rows out: the check at every border that rows cross. Called before what was made is kept, so that a
 * difference leaves nothing behind. `border` names where the rows went, in words that an operator knows.
 */
export function requireSameRows(border: string, rowsIn: number, rowsOut: number): void {
  if (rowsIn === rowsOut) return
  throw new PlatformError(
    'corrupt',
    `${border}: ${rowsIn} rows went in and ${rowsOut} came out. Nothing of it was kept. ` +
      'A row must never be lost or doubled on the way: please report this with the command and the versions',
    { details: { border, rows_in: rowsIn, rows_out: rowsOut } },
  )
}
