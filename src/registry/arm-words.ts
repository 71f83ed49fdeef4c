import type { Arm } from './queries/arms.ts'

/** A share in words: `5 %`, `0.1 %`. */
export function shareSaid(share: number): string {
  return `${Number((share * 100).toPrecision(12))} %`
}

/** How the history names an arm: `canary 5 %`, `shadow`. */
export function armSaid({ role, share }: Pick<Arm, 'role' | 'share'>): string {
  return role === 'canary' ? `canary ${shareSaid(share)}` : role
}
