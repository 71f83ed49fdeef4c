import { Button } from '../../ui/button.tsx'
import { numberText } from '../../ui/format.ts'
import { useLanguage } from '../../words/words.tsx'
import { PAGE_ROWS } from './queries.ts'

/** Which rows are shown of how many, and the way to the others. */
export function Pager({
  skip,
  shown,
  all,
  next,
  onGo,
}: {
  skip: number
  shown: number
  all: number
  next: string | null
  onGo: (skip: number) => void
}) {
  const { words, language } = useLanguage()
  const w = words.time
  const number = (n: number) => numberText(n, language)
  return (
    <>
      <span className="quiet small">
        {shown === all ? w.rows(number(all)) : w.page(number(skip + 1), number(skip + shown), number(all))}
      </span>
      {(skip > 0 || next !== null) && (
        <>
          <Button
            small
            isDisabled={skip === 0}
            onPress={() => onGo(Math.max(0, skip - PAGE_ROWS))}
            aria-label={w.earlierRows}
          >
            ←
          </Button>
          <Button small isDisabled={next === null} onPress={() => onGo(Number(next))} aria-label={w.laterRows}>
            →
          </Button>
        </>
      )}
    </>
  )
}
