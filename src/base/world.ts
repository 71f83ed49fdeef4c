import { messageOf, PlatformError } from './errors.ts'
import { duckdbFault } from './world/duckdb.ts'
import type { Fault, Recogniser, Thrown } from './world/fault.ts'
import { fileFault } from './world/files.ts'
import { connectionFault } from './world/network.ts'
import { postgresFault } from './world/postgres.ts'
import { storeFault } from './world/stores.ts'

const RECOGNISERS: readonly Recogniser[] = [postgresFault, storeFault, connectionFault, fileFault, duckdbFault]

/** A driver wraps the reason, and others wrap the driver. */
const DEPTH_MAX = 6

/**
 * The one place that tells what the world did (a server away, a disk full, a file damaged or gone, a permission) from
 * a fault of ours: gives the error to tell, or undefined for what it does not know. `asked` names who was spoken to
 * ("the database"), where the caller knows it.
 *
 * Invariant: what is recognised here is never told as a fault of Weir itself, by no route and by no command.
 */
export function worldError(thrown: unknown, asked?: string): PlatformError | undefined {
  for (const error of chainOf(thrown)) {
    if (error instanceof PlatformError) return error
    const fault = faultOf(error, asked)
    if (!fault) continue
    const toCallers = `${fault.toCallers}; ${fault.todo}`
    return new PlatformError(fault.code, `${fault.says}; ${fault.todo}`, { toCallers, cause: thrown })
  }
  return undefined
}

/** The same to throw: what is not known stays as it is. */
export function asWorldError(thrown: unknown, asked?: string): unknown {
  return worldError(thrown, asked) ?? thrown
}

/** Whether trying again later can help. */
export function isAway(thrown: unknown): boolean {
  return worldError(thrown)?.code === 'unavailable'
}

/** Whether a connection was lost or could not be made: by what the driver said, or by our own limit (`withinMs`). */
export function isLost(thrown: unknown): boolean {
  return chainOf(thrown).some((error) =>
    error instanceof PlatformError ? error.details.afterMs !== undefined : faultOf(error, undefined)?.lost === true,
  )
}

function faultOf(error: object, asked: string | undefined): Fault | undefined {
  const raw = error as Record<string, unknown>
  const seen: Thrown = {
    name: String(raw.name ?? ''),
    message: messageOf(error),
    code: typeof raw.code === 'string' ? raw.code : '',
    syscall: typeof raw.syscall === 'string' ? raw.syscall : '',
    raw,
  }
  for (const recognise of RECOGNISERS) {
    const fault = recognise(seen, asked)
    if (fault) return fault
  }
  return undefined
}

/** The error, then its reasons, outermost first. */
function chainOf(thrown: unknown): object[] {
  const chain: object[] = []
  let next: unknown = thrown
  while (typeof next === 'object' && next !== null && chain.length < DEPTH_MAX) {
    chain.push(next)
    const { cause, errors } = next as { cause?: unknown; errors?: unknown }
    next = cause ?? (Array.isArray(errors) ? errors[0] : undefined)
  }
  return chain
}
