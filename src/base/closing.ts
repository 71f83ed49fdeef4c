import { withinMs } from './within.ts'

export type Closing = ReturnType<typeof createClosing>

/**
 * What was opened, closed again in reverse order: at the end, or when opening the next thing failed. One that fails or
 * takes longer than `msMax` is told to `onTrouble` and does not keep the others open.
 */
export function createClosing(msMax: number, onTrouble: (what: string, error: unknown) => void) {
  const opened: { what: string; close: () => unknown }[] = []
  return {
    /** Gives the thing itself, so that it can be opened and noted in one line. */
    add<T>(what: string, thing: T, close: (thing: T) => unknown): T {
      opened.push({ what, close: () => close(thing) })
      return thing
    },
    /** Once: what is closed already is not closed again. */
    async close(): Promise<void> {
      for (let last = opened.pop(); last; last = opened.pop()) {
        const { what, close } = last
        await withinMs(`closing ${what}`, msMax, async () => close()).catch((error) => onTrouble(what, error))
      }
    },
  }
}
