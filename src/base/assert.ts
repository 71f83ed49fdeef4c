/** Stops on our own bug. For faults of the world (input, files, network) throw a PlatformError instead. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** The value, or a stop when it is null or undefined: for what our own code guarantees. */
export function must<T>(value: T | null | undefined, message = 'a value was expected'): T {
  assert(value !== null && value !== undefined, message)
  return value
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
