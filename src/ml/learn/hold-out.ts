import { createHash } from 'node:crypto'

/**
 * Where an entity stands between 0 and 1: by SHA-256 of its key alone, so it is the same in every training set, on every
 * machine and for ever. Entities below a share are that share of all; a larger share holds the smaller one.
 */
export function placeOfEntity(key: string, purpose: string): number {
  const digest = createHash('sha256').update(`${purpose}\0${key}`).digest()
  return digest.readUInt32BE(0) / 2 ** 32
}

/** The entities that no fit ever sees: 1 where `entities[i]` is one of them. */
export function heldOut(entityKeys: readonly string[], share: number): Uint8Array {
  return Uint8Array.from(entityKeys, (key) => (placeOfEntity(key, 'hold-out') < share ? 1 : 0))
}
