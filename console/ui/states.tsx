import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { useWords } from '../words/words.tsx'
import { Button } from './button.tsx'
import './states.css'

/** While the first answer is on its way. */
export function Loading({ what }: { what?: string }) {
  const w = useWords().ui
  return (
    <p className="state loading" role="status">
      {what ?? w.loading}
    </p>
  )
}

/** Nothing is there: says why that can be, and what to do. */
export function Empty({ title, what, children }: { title: string; what?: ReactNode; children?: ReactNode }) {
  return (
    <div className="state empty">
      <p className="state-title">{title}</p>
      {what && <div className="state-what">{what}</div>}
      {children && <div className="row state-do">{children}</div>}
    </div>
  )
}

/** Something failed: what, in the words of the server, and the way to try again. */
export function Broken({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const w = useWords().ui
  const [title, what] = said(error, w)
  return (
    <div className="state broken" role="alert">
      <p className="state-title">{title}</p>
      <p className="state-what">{what}</p>
      {onRetry && (
        <div className="row state-do">
          <Button onPress={onRetry}>{w.retry}</Button>
        </div>
      )}
    </div>
  )
}

/** Shown above data that could not be read anew. */
export function Stale({ onRetry }: { onRetry?: () => void }) {
  const w = useWords().ui
  return (
    <p className="state stale" role="status">
      {w.stale}{' '}
      {onRetry && (
        <Button small look="quiet" onPress={onRetry}>
          {w.retry}
        </Button>
      )}
    </p>
  )
}

type Asked<Data> = { data: Data | undefined; error: unknown; isPending: boolean; refetch: () => unknown }

/** The states of one question to the server: loading, broken, stale, or there. */
export function Answer<Data>({ of, children }: { of: Asked<Data>; children: (data: Data) => ReactNode }) {
  const retry = () => void of.refetch()
  if (of.data !== undefined) {
    return (
      <>
        {of.error ? <Stale onRetry={retry} /> : null}
        {children(of.data)}
      </>
    )
  }
  return of.error ? <Broken error={of.error} onRetry={retry} /> : <Loading />
}

function said(error: unknown, w: ReturnType<typeof useWords>['ui']): [string, string] {
  if (!(error instanceof ApiError)) return [w.fault, error instanceof Error ? error.message : String(error)]
  if (error.status === 0) return [w.noAnswer, w.noAnswerDo]
  const titles: Record<number, string> = { 401: w.forbidden, 403: w.forbidden, 404: w.notFound, 503: w.away }
  return [titles[error.status] ?? (error.status < 500 ? w.refused : w.fault), error.detail]
}
