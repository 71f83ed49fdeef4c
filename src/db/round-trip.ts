import pg from 'pg'
import { must } from '../base/assert.ts'
import type { Statement } from './sql.ts'

type Part = pg.Query & Required<Pick<Answered, 'handleError' | 'handleReadyForQuery'>> & Prepares
type Prepares = { name: string; text: string; prepare(connection: pg.Connection): void }
type Answered = {
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: pg.Connection): void
  handleReadyForQuery(connection: pg.Connection): void
  handleError(error: Error, connection: pg.Connection): void
}
type Wire = pg.Connection & {
  stream: { cork?(): void; uncork?(): void; destroy(): void }
  submittedNamedStatements: Record<string, string | undefined>
}

/**
 * Statements that are sent together with one end behind them: PostgreSQL takes them as one transaction, without a begin and
 * a commit of their own, and we wait for it once instead of once a statement. Each sees what those before it did, and what
 * others committed while it waited for a lock. One that fails ends them all, and nothing of them is kept.
 */
export class RoundTrip {
  callback: (error: Error | null, results?: pg.QueryResult[]) => void = () => {}
  readonly #parts: Part[]
  readonly #results: pg.QueryResult[] = []
  #failed: Error | undefined

  constructor(statements: readonly Statement[], types: pg.CustomTypesConfig | undefined) {
    this.#parts = statements.map(({ name, text, values }) => {
      const part = new pg.Query({ name, text, values: values as unknown[], ...(types ? { types } : {}) })
      const done = (error: Error | null, result?: pg.QueryResult) => {
        if (error) this.#failed ??= error
        else this.#results.push(must(result, 'a statement ended without a result'))
      }
      return Object.assign(part, { callback: done }) as unknown as Part
    })
  }

  /** The driver notes under these what the server has parsed: it answers in the order in which we asked. */
  get name(): string | undefined {
    return this.#current?.name
  }
  get text(): string | undefined {
    return this.#current?.text
  }
  get #current(): Part | undefined {
    return this.#parts[this.#results.length]
  }

  submit(connection: Wire): null {
    // Each part would end itself; there is one end for all.
    const open = Object.create(connection, { sync: { value: () => {} } }) as pg.Connection
    connection.stream.cork?.()
    try {
      for (const part of this.#parts) part.prepare(open)
      // A value that cannot be written is found when the statements before it are on their way: they must not be kept.
      if (this.#failed) connection.stream.destroy()
      else connection.sync()
    } finally {
      connection.stream.uncork?.()
    }
    return null
  }

  handleRowDescription(message: unknown): void {
    ;(this.#current as unknown as Answered).handleRowDescription(message)
  }

  handleDataRow(message: unknown): void {
    ;(this.#current as unknown as Answered).handleDataRow(message)
  }

  handleCommandComplete(message: unknown, connection: pg.Connection): void {
    const part = this.#current as unknown as Answered
    part.handleCommandComplete(message, connection)
    part.handleReadyForQuery(connection)
  }

  handleError(error: Error, connection: Wire): void {
    // Those behind the one that failed were not even parsed.
    for (const part of this.#parts.slice(this.#results.length)) delete connection.submittedNamedStatements[part.name]
    this.callback(this.#failed ?? error)
  }

  handleReadyForQuery(): void {
    if (this.#failed) this.callback(this.#failed)
    else this.callback(null, this.#results)
  }

  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}
