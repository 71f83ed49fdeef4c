import { suggestion } from './suggest.ts'

/** One thing that is wrong in a project, and where. */
export type Fault = { path: string; message: string }

/** A fault when a name is not among the known ones. */
export function missing(path: string, what: string, name: string, known: readonly string[]): Fault[] {
  return known.includes(name) ? [] : [{ path, message: `there is no ${what} '${name}'${suggestion(name, known)}` }]
}

/** The faults that all of several readings have. */
export function inAll([first, ...others]: readonly (readonly Fault[])[]): Fault[] {
  const same = (a: Fault) => (b: Fault) => a.path === b.path && a.message === b.message
  return (first ?? []).filter((fault) => others.every((faults) => faults.some(same(fault))))
}
