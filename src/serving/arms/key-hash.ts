/**
 * A hash of 32 bits: FNV-1a over the code units, then the last steps of MurmurHash3, which spread keys that differ in their
 * last digit over the whole range. It may never change: it decides which keys a canary that is there answers.
 */
export function hashOfKey(salt: number, text: string): number {
  const hash = fnv(salt, text)
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** So that two canaries do not try the same keys. */
export function saltOf(text: string): number {
  return fnv(0x811c9dc5, `${text}\u001f`)
}

function fnv(from: number, text: string): number {
  let hash = from
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
