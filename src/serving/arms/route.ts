import type { LiveModel } from '../live-model.ts'
import { hashOfKey, saltOf } from './key-hash.ts'

/** Who answers one key. */
export type Picked = { arm: 'champion' | 'canary'; live: LiveModel }

/** A version that is tried beside the champion; its numbers are counted under the trial. */
export type Tried = { live: LiveModel; trial: number }

/** Who answers for a model at this moment. It is never changed: whoever holds one sees one moment. */
export type Route = {
  champion: Picked
  canary: (Picked & Tried & { salt: number; below: number; share: number }) | null
  /** Computed for what the others answer, and given to nobody. */
  shadows: readonly Tried[]
}

type Beside = { canary?: (Tried & { share: number }) | undefined; shadows?: readonly Tried[] }

export function routeOf(champion: LiveModel, { canary, shadows = [] }: Beside = {}): Route {
  return {
    champion: { arm: 'champion', live: champion },
    canary: canary
      ? {
          ...{ arm: 'canary', ...canary },
          salt: saltOf(`${canary.live.name}/${canary.live.version}`),
          below: canary.share * 2 ** 32,
        }
      : null,
    shadows,
  }
}

/**
 * Which version answers this key (`keyText` of its join keys): by a hash of the key, the model and the version of the canary,
 * and of nothing else. So it is the same on every server and after every restart, and whoever is among 5 % is among 20 %.
 */
export function pickArm({ champion, canary }: Route, keyText: string): Picked {
  return canary !== null && hashOfKey(canary.salt, keyText) < canary.below ? canary : champion
}

/** The key of an entity as the hash takes it: its join keys in their types and order. */
export function keyTextOf(parts: readonly unknown[]): string {
  return parts.length === 1 ? String(parts[0]) : parts.join('\u001f')
}
