import type { Environment, InstalledPackages } from '../training/training.ts'
import { listed } from './listed.ts'

/**
 * What a run was trained on and what there is now, in the order in which it may matter. How many processors there are and
 * which kernel is recorded, and not compared: the bytes do not depend on the first, and nothing of ours asks the second.
 */
export function environmentLines(then: Environment, now: Environment): string[] {
  const { cpu, os } = then
  return [
    // Node's own version stands with the versions that each run has.
    ...records('', { ...then.node, node: '' }, { ...now.node, node: '' }),
    ...records('', { ...then.native, duckdb: '' }, { ...now.native, duckdb: '' }),
    ...records('', { libc: os.libc }, { libc: now.os.libc }),
    ...records('processor ', processor(cpu), processor(now.cpu)),
    ...records(
      '',
      { 'time zone': then.timeZone, locale: then.locale },
      { 'time zone': now.timeZone, locale: now.locale },
    ),
    ...packages('packages of Weir', then.weir, now.weir),
    ...(then.project || now.project
      ? packages('packages of the project', then.project ?? then.weir, now.project ?? now.weir)
      : []),
  ]
}

function processor({ model, features, wasmSimd, kernels }: Environment['cpu']): Record<string, string> {
  const found = features === null ? 'not told' : features.join(' ')
  return { model, features: found, 'SIMD in WebAssembly': String(wasmSimd), 'loops of boosting': kernels }
}

function records(what: string, then: Record<string, string>, now: Record<string, string>): string[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])].flatMap((name) => {
    const [was, is] = [then[name] ?? 'none', now[name] ?? 'none']
    return was === is ? [] : [`${what}${name}: ${was} then, ${is} now`]
  })
}

function packages(what: string, then: InstalledPackages, now: InstalledPackages): string[] {
  const [was, is] = [then.packages, now.packages]
  if (was === null && is === null) return []
  if (was === null) return [`${what}: not recorded then`]
  if (is === null) return [`${what}: not known now (${'reason' in now ? now.reason : ''})`]
  const places = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()
  const changed = places.flatMap((place) => {
    const [before, after] = [was[place], is[place]]
    if (before?.version === after?.version && before?.integrity === after?.integrity) return []
    const name = place.replace(/^.*node_modules\//, '')
    if (!after) return [`${name} ${before?.version ?? ''} is gone`]
    if (!before) return [`${name} ${after.version ?? ''} is new`]
    return [
      `${name} ${before.version} then, ${after.version} now${before.version === after.version ? ' with other content' : ''}`,
    ]
  })
  return changed.length === 0 ? [] : [`${what}: ${listed(changed)}`]
}
