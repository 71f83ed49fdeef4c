import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { useWords } from '../../words/words.tsx'

/** The way to the page before and behind, for lists whose page token is how many come before; and which part is shown. */
export function PageButtons({
  page,
  limit,
  next,
  onPage,
  children,
}: {
  page: string | undefined
  limit: number
  next: string | null
  onPage: (page: string | undefined) => void
  children?: ReactNode
}) {
  const w = useWords().data
  const from = Number(page ?? 0)
  return (
    <div className="row">
      <Button isDisabled={from === 0} onPress={() => onPage(from > limit ? String(from - limit) : undefined)}>
        {w.previous}
      </Button>
      <Button isDisabled={next === null} onPress={() => onPage(next ?? undefined)}>
        {w.next}
      </Button>
      {children}
    </div>
  )
}
