import { must } from '../base/assert.ts'
import type { Duck, DuckSession } from './duck.ts'

/** A DuckDB that is loaded and opened with the first statement: most commands never need it. */
export function lazyDuck(directories: readonly string[]): Duck & { loadVersion(): Promise<string> } {
  let opening: Promise<Duck> | undefined
  let opened: Duck | undefined
  const open = (): Promise<Duck> => {
    opening ??= import('./duck.ts').then(async ({ createDuck }) => {
      opened = await createDuck({ directories })
      return opened
    })
    return opening
  }
  const session: DuckSession = {
    run: async (text, params) => (await open()).run(text, params),
    rows: async (text, params) => (await open()).rows(text, params),
    columns: async (text, params) => (await open()).columns(text, params),
    async *chunks(text, params) {
      yield* (await open()).chunks(text, params)
    },
    append: async (table, types, columns) => (await open()).append(table, types, columns),
  }
  return {
    ...session,
    get version() {
      return must(opened, 'the version of DuckDB is asked for before its first use').version
    },
    loadVersion: async () => (await open()).version,
    session: async (body) => (await open()).session(body),
    close: () => opened?.close(),
  }
}
